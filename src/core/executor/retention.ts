import { type Clock, hasEnded, parseDuration } from "../base/index.ts";
import { DiskFull, EventDamaged, type Journal, type JournalEvent } from "../journal/index.ts";
import type { ControlStore } from "./store.ts";

/** Two clocks, each from the end of a run: for what its steps saw and answered, and for all of it. */
export interface Retention {
  /** Such as `90d`. */
  readonly bodies: string;
  /** Such as `3650d`, or `forever`. */
  readonly decisions: string;
}

interface RetentionDeps {
  readonly journal: Journal;
  readonly control: ControlStore;
  readonly clock: Clock;
}

/** Bodies of these are decisions: outcomes, and what people answered and judged. */
const decisionTypes: ReadonlySet<string> = new Set([
  "run.completed",
  "run.failed",
  "run.rejected",
  "run.cancelled",
  "run.expired",
  "run.erased",
  "review.decided",
  "review.escalated",
  "review.withdrawn",
  "score.recorded",
]);

/** One commit's worth: some tens of milliseconds, in which nothing else runs. */
const runsAtOnce = 100;
/** More reviews than one run can ask for. */
const reviewsMax = 100_000;

/**
 * Takes what a policy says need not be kept, of runs that ended long enough ago; runs that have not ended
 * are never touched. After the first period the bodies go: what stays of an event is its header and the
 * digest under its hash. After the second the run goes whole, as if it had never been in the tables. Each
 * time an event says what was taken, and the chain verifies. Resolves with the number of runs.
 */
export async function applyRetention(deps: RetentionDeps, retention: Retention): Promise<number> {
  const { control, clock } = deps;
  const pruned = await forAll(retention.decisions, (...which) => control.prunable(...which), pruneRuns);
  const periods = await forAll(
    retention.decisions,
    (...which) => endedPeriods(control, ...which),
    prunePeriods,
  );
  const erased = await forAll(retention.bodies, (...which) => control.erasable(...which), eraseRuns);
  await deps.journal.tidy();
  return pruned + periods + erased;

  async function forAll(
    period: string,
    next: (beforeMs: number, limit: number) => readonly string[],
    take: (deps: RetentionDeps, runs: readonly string[], period: string) => Promise<void>,
  ): Promise<number> {
    if (period === "forever") return 0;
    const before = clock.now() - parseDuration(period);
    let [taken, atOnce] = [0, runsAtOnce];
    for (let runs = next(before, atOnce); runs.length > 0; runs = next(before, atOnce)) {
      try {
        await take(deps, runs, period);
        taken += runs.length;
      } catch (error) {
        // On a full disk the store has a little room for this; fewer runs need less of it.
        if (!(error instanceof DiskFull) || atOnce === 1) throw error;
        atOnce = Math.floor(atOnce / 2);
      }
    }
    return taken;
  }
}

async function eraseRuns(deps: RetentionDeps, runs: readonly string[], period: string): Promise<void> {
  const policy = `bodies after ${period}`;
  const marks = runs.map((run) => ({
    stream: `run/${run}`,
    expectedSeq: null,
    actor: "engine",
    events: [{ type: "run.erased", data: { level: 1, policy } }],
  }));
  const streams = await streamsOf(deps, runs);
  await deps.journal.erase({ streams, keepTypes: decisionTypes, policy, marks });
}

async function pruneRuns(deps: RetentionDeps, runs: readonly string[], period: string): Promise<void> {
  const streams = await streamsOf(deps, runs);
  const data = { runs: runs.length };
  await deps.journal.prune({ streams, policy: `decisions after ${period}`, data });
}

/** The streams of what was spent in a period that is over, and of which nothing is reserved any more. */
function endedPeriods({ spending }: ControlStore, beforeMs: number, limit: number): readonly string[] {
  const budgets = spending.settledPeriods().filter(({ period }) => hasEnded(period, beforeMs));
  const days = spending.days().filter((day) => hasEnded(day, beforeMs));
  const streams = [
    ...budgets.map(({ budget, period }) => `budget/${budget}/${period}`),
    ...days.map((day) => `cost/${day}`),
  ];
  return streams.slice(0, limit);
}

async function prunePeriods(deps: RetentionDeps, streams: readonly string[], period: string): Promise<void> {
  const data = { periods: streams.length };
  await deps.journal.prune({ streams, policy: `decisions after ${period}`, data });
}

/** Every stream that holds what these runs saw or were told. */
export async function streamsOf(
  { journal, control }: Pick<RetentionDeps, "journal" | "control">,
  runs: readonly string[],
): Promise<string[]> {
  const streams = runs.map(async (run) => {
    const commands = [...(await journal.streams(`command/${run}/`)), ...(await oldCommands(journal, run))];
    const reviews = control.reviews({ run, limit: reviewsMax }).map(({ id }) => id);
    const requests = await Promise.all([run, ...reviews].map((id) => journal.streams(`request/${id}/`)));
    const own = [`run/${run}`, `outbox/${run}`, `score/${run}`, `budget/run/${run}`];
    return [...own, ...commands, ...reviews.map((id) => `review/${id}`), ...requests.flat()];
  });
  return (await Promise.all(streams)).flat();
}

/** Commands from before format 3 are not under the run's name: its events name those that it took in. */
async function oldCommands(journal: Journal, run: string): Promise<readonly string[]> {
  const events = await journal.read(`run/${run}`).catch(noneIfDamaged);
  return events.flatMap(({ data }) => {
    const id = data?.command;
    return typeof id === "string" && !id.includes("/") ? [`command/${id}`] : [];
  });
}

/** Of a damaged stream nobody knows what it was told, but the rest of it goes all the same. */
function noneIfDamaged(error: unknown): readonly JournalEvent[] {
  if (error instanceof EventDamaged) return [];
  throw error;
}
