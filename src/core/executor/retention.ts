import { type Clock, parseDuration } from "../base/index.ts";
import type { Journal, JournalEvent } from "../journal/index.ts";
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
    for (let runs = next(); runs.length > 0; runs = next()) {
      await eraseRuns(deps, runs, {
        level,
        keepTypes,
        policy: `${level === 1 ? "bodies" : "decisions"} after ${period}`,
      });
      erased += runs.length;
    }
    function next(): readonly string[] {
      return deps.control.endedRuns(before, level, runsAtOnce);
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
  const events: readonly JournalEvent[] = await journal.read(`run/${run}`);
  const commands = events.flatMap(({ data }) =>
    typeof data?.command === "string" ? [`command/${data.command}`] : [],
  );
  const reviews = control.reviews({ run, limit: 10_000 }).map(({ id }) => `review/${id}`);
  return [`run/${run}`, `outbox/${run}`, ...commands, ...reviews];
}
