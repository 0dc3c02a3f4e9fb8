import type { ErrorRecord, Json } from "../../src/core/base/index.ts";
import type { JournalEvent } from "../../src/core/journal/index.ts";

/** What the journal says of one run. */
export interface RunHistory {
  readonly id: string;
  readonly events: readonly JournalEvent[];
}

export interface FailedStep {
  readonly path: string;
  readonly error: ErrorRecord;
}

/** The whole journal, by run: what is checked, and what tells the model in which order things came. */
export class History {
  readonly runs = new Map<string, RunHistory>();
  readonly #children = new Map<string, RunHistory[]>();

  constructor(events: readonly JournalEvent[]) {
    const byRun = Map.groupBy(events, ({ stream }) => stream);
    for (const [stream, own] of byRun) {
      if (!stream.startsWith("run/")) continue;
      const run = { id: stream.slice("run/".length), events: own };
      this.runs.set(run.id, run);
      const { parent, parentPath } = own[0]?.data ?? {};
      const place = `${parent}/${parentPath}`;
      if (parent) this.#children.set(place, [...(this.#children.get(place) ?? []), run]);
    }
  }

  /** The runs that a step has started, in order. */
  childrenOf(run: string, path: string): readonly RunHistory[] {
    return this.#children.get(`${run}/${path}`) ?? [];
  }

  /** Whether the journal says that nobody knew whether a step had been done. */
  wasInDoubt(run: string, path: string): boolean {
    return this.#doubts(run).some(({ data }) => data?.path === path);
  }

  hasDoubt(run: string): boolean {
    return this.#doubts(run).length > 0;
  }

  #doubts(run: string): readonly JournalEvent[] {
    const events = this.runs.get(run)?.events ?? [];
    return events.filter(
      ({ type, data }) =>
        type === "step.failed" && (data?.error as ErrorRecord | undefined)?.code === "OUTCOME_UNKNOWN",
    );
  }

  /** How a step came to its result: it was done, or a person gave it. */
  completion(run: string, path: string): "done" | "given" | undefined {
    const events = this.runs.get(run)?.events ?? [];
    const found = events.find(({ type, data }) => type === "step.completed" && data?.path === path);
    return found && (found.data?.skippedBy ? "given" : "done");
  }

  /** Of these steps, the one that the journal says failed first. */
  firstFailure(run: string, paths: ReadonlySet<string>): FailedStep | undefined {
    const events = this.runs.get(run)?.events ?? [];
    const found = events.find(({ type, data }) => type === "step.failed" && paths.has(textOf(data?.path)));
    return found ? { path: textOf(found.data?.path), error: found.data?.error as ErrorRecord } : undefined;
  }
}

export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
