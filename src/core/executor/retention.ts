import { type Clock, parseDuration } from "../base/index.ts";
import { DiskFull, EventDamaged, type Journal, type JournalEvent } from "../journal/index.ts";
import type { ControlStore } from "./store.ts";

/** Two clocks, each from the end of a run: for what its steps saw and answered, and for what was decided. */
export interface Retention {
  /** Such as `90d`. */
  readonly bodies: string;
  /** Such as `3650d`, or `forever`. */
  readonly decisions: string;
}

/** Bodies of these are decisions: outcomes, and what people answered. */
const decisionTypes = new Set([
  "run.completed",
  "run.failed",
  "run.rejected",
  "run.cancelled",
  "run.expired",
  "run.erased",
  "review.decided",
  "review.escalated",
  "review.withdrawn",
]);

const runsAtOnce = 100;

/**
 * Erases the bodies of runs that ended long enough ago. What stays of each event is its header and the
 * digest under its hash, so the chain verifies; `run.erased` and `retention.applied` say what was done.
 * Runs that have not ended are never touched. Resolves with the number of runs.
 */
export async function applyRetention(
  deps: { journal: Journal; control: ControlStore; clock: Clock },
  retention: Retention,
): Promise<number> {
  const levels = [
    { level: 1, period: retention.bodies, keepTypes: decisionTypes },
    { level: 2, period: retention.decisions, keepTypes: new Set(["run.erased"]) },
  ];
  let erased = 0;
  for (const { level, period, keepTypes } of levels) {
    if (period === "forever") continue;
    const before = deps.clock.now() - parseDuration(period);
    const policy = `${level === 1 ? "bodies" : "decisions"} after ${period}`;
    for (let atOnce = runsAtOnce; ; ) {
      const runs = deps.control.endedRuns(before, level, atOnce);
      if (runs.length === 0) break;
      try {
        await eraseRuns(deps, runs, { level, keepTypes, policy });
        erased += runs.length;
      } catch (error) {
        // On a full disk the store has a little room for this; fewer runs need less of it.
        if (!(error instanceof DiskFull) || atOnce === 1) throw error;
        atOnce = Math.floor(atOnce / 2);
      }
    }
  }
  return erased;
}

async function eraseRuns(
  deps: { journal: Journal; control: ControlStore },
  runs: readonly string[],
  { level, keepTypes, policy }: { level: number; keepTypes: ReadonlySet<string>; policy: string },
): Promise<void> {
  const streams = (await Promise.all(runs.map((run) => streamsOf(deps, run)))).flat();
  const marks = runs.map((run) => ({
    stream: `run/${run}`,
    expectedSeq: null,
    actor: "engine",
    events: [{ type: "run.erased", data: { level, policy } }],
  }));
  await deps.journal.erase({ streams, keepTypes, policy, marks });
}

/** Every stream that holds what a run saw or was told. */
async function streamsOf(
  { journal, control }: { journal: Journal; control: ControlStore },
  run: string,
): Promise<string[]> {
  const events = await journal.read(`run/${run}`).catch(noneIfDamaged);
  const commands = events.flatMap(({ data }) =>
    typeof data?.command === "string" ? [`command/${data.command}`] : [],
  );
  const reviews = control.reviews({ run, limit: 10_000 }).map(({ id }) => `review/${id}`);
  return [`run/${run}`, `outbox/${run}`, ...commands, ...reviews];
}

/** Of a damaged stream nobody knows what it was told, but the rest of it goes all the same. */
function noneIfDamaged(error: unknown): readonly JournalEvent[] {
  if (error instanceof EventDamaged) return [];
  throw error;
}
