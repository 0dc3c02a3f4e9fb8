import type { ErrorRecord, Json, JsonObject } from "../base/index.ts";
import type { Append, Journal } from "../journal/index.ts";
import type { Fact, StepResult } from "../workflow/index.ts";
import { endEvent, type RunEnd } from "./end.ts";
import { type Arms, type RunEvent, toNewEvents } from "./events.ts";
import { factAppend } from "./record.ts";
import type { Release } from "./release.ts";

/**
 * A run of one step that was over before it was recorded: its caller waited for the answer, and gets it
 * once this is on disk. Nothing of it is ever taken up again.
 */
export interface RecordedRun {
  readonly id: string;
  readonly release: Pick<Release, "workflow" | "version" | "digest">;
  readonly input: Json;
  readonly tags: Readonly<Record<string, string>>;
  readonly arms?: Arms | undefined;
  readonly actor: string;
  /** Wall-clock milliseconds. */
  readonly beganAt: number;
  readonly step: { readonly path: string; readonly kind: string; readonly attempts: number };
  readonly outcome: RecordedOutcome;
}

export type RecordedOutcome =
  | {
      readonly status: "completed";
      readonly result: StepResult;
      readonly output: Json;
      readonly trace?: JsonObject;
      readonly facts?: readonly Fact[];
    }
  | { readonly status: "failed"; readonly error: ErrorRecord }
  /** Whoever had asked went away. */
  | { readonly status: "cancelled"; readonly by: string; readonly reason: string };

/** Writes the whole run in one append. Resolves once it is on disk. */
export async function recordRun(journal: Pick<Journal, "append">, run: RecordedRun): Promise<void> {
  await journal.append(recordedAppends(run));
}

function recordedAppends(run: RecordedRun): readonly Append[] {
  const { id, release, input, tags, arms, actor, beganAt, outcome } = run;
  const { workflow, version, digest } = release;
  const started: RunEvent = {
    type: "run.started",
    data: { workflow, version, release: digest, input, tags, beganAt, ...(arms ? { arms } : {}) },
  };
  const own: Append = {
    stream: `run/${id}`,
    expectedSeq: 0,
    actor,
    events: toNewEvents([started, ...stepEvents(run), endOf(run)]),
  };
  if (outcome.status !== "completed" || !outcome.facts) return [own];
  return [own, ...outcome.facts.map(factAppend)];
}

function stepEvents({ step, beganAt, outcome }: RecordedRun): readonly RunEvent[] {
  const { path, kind, attempts } = step;
  const common = { path, kind, startedAt: beganAt, attempts };
  if (outcome.status === "cancelled") return [];
  if (outcome.status === "failed")
    return [{ type: "step.failed", data: { ...common, error: outcome.error } }];
  const { result, trace } = outcome;
  const data = { ...common, inputDigest: "", result };
  return [{ type: "step.completed", data: trace ? { ...data, trace } : data }];
}

function endOf({ step, outcome }: RecordedRun): RunEvent {
  const costs = alone(costOf(outcome));
  if (outcome.status !== "completed") return endEvent(earlyEnd(step.path, outcome), costs);
  return endEvent({ status: "completed", output: outcome.output }, costs);
}

/** What fails may have been paid for: a model that answered, but not as it was asked to. */
function costOf(outcome: RecordedOutcome): number {
  if (outcome.status === "failed") return outcome.error.costUsd ?? 0;
  const cost = outcome.status === "completed" ? outcome.result.cost : 0;
  return typeof cost === "number" ? cost : 0;
}

/** A call by itself takes nothing back, and is in no rollout. */
function alone(costUsd: number) {
  return { costUsd, undone: undefined, arms: undefined };
}

function earlyEnd(path: string, outcome: Exclude<RecordedOutcome, { status: "completed" }>): RunEnd {
  return outcome.status === "failed" ? { ...outcome, path } : outcome;
}
