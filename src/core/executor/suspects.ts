import { errorRecord } from "../base/index.ts";
import type { Append, Journal, JournalEvent } from "../journal/index.ts";
import { ProgramStuck, Quarantined } from "./errors.ts";
import { crashesMax } from "./limits.ts";
import type { Run } from "./run.ts";
import type { RunRow } from "./store.ts";

// Suspects
// ========
// After the engine's own process has crashed, each run that was under way may have done it.
//
//   1. After one crash all of them go on; most get on, and are free of it.
//   2. One that was there twice without getting on is tried alone: the other suspects wait, all else goes on.
//   3. Whoever was tried alone when the process crashed has done it, and nobody else is blamed.
//   4. After three crashes without getting on a run is paused as quarantined, before it is taken up.

/** What a run's events say of crashes since it last got on. */
export interface Suspicion {
  readonly crashes: number;
  /** It was being tried alone when the journal ends. */
  readonly isAlone: boolean;
}

const gettingOn = new Set(["step.completed", "step.failed", "step.waited", "run.suspended", "run.resumed"]);

export function suspicionOf(events: readonly JournalEvent[]): Suspicion {
  let suspicion: Suspicion = { crashes: 0, isAlone: false };
  for (const { type } of events)
    if (type === "run.suspected") suspicion = { crashes: suspicion.crashes + 1, isAlone: false };
    else if (type === "run.tried") suspicion = { ...suspicion, isAlone: true };
    else if (gettingOn.has(type)) suspicion = { crashes: 0, isAlone: false };
  return suspicion;
}

/** Who is blamed for a crash, of those that were under way. */
export function blamed(runs: ReadonlyMap<string, Suspicion>): readonly string[] {
  const alone = [...runs].filter(([, { isAlone }]) => isAlone);
  return (alone.length > 0 ? alone : [...runs]).map(([id]) => id);
}

/** Records who is blamed for the crash of the process before this one. */
export async function recordSuspicion(journal: Journal, running: readonly string[]): Promise<void> {
  const runs = new Map<string, Suspicion>();
  for (const id of running) runs.set(id, suspicionOf(await journal.read(`run/${id}`)));
  const appends = blamed(runs).map((id) =>
    ownEvent(id, "run.suspected", { crashes: (runs.get(id)?.crashes ?? 0) + 1 }),
  );
  if (appends.length > 0) await journal.append(appends);
}

function ownEvent(id: string, type: string, data: { crashes: number }): Append {
  return { stream: `run/${id}`, expectedSeq: null, actor: "engine", events: [{ type, data }] };
}

/** Lets one suspect at a time go on, until it gets on or leaves memory. */
export class Suspects {
  readonly #journal: Journal;
  #last: Promise<void> = Promise.resolve();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Resolves when the run may go on; throws when it may not. */
  async admit(run: Run, row: RunRow, events: readonly JournalEvent[]): Promise<void> {
    const { crashes } = suspicionOf(events);
    if (crashes < crashesMax - 1 || row.status !== "running") return;
    if (crashes >= crashesMax) {
      const error = errorRecord(new Quarantined("The run", crashes, "the engine's own process crashed"));
      throw new ProgramStuck({ reason: "quarantined", error });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = before.then(() => promise);
    run.onProgress = resolve;
    await before;
    await this.#journal.append([ownEvent(run.id, "run.tried", { crashes })]);
    run.seq += 1;
  }
}
