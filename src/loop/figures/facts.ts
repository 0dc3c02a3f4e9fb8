import type { RunFigure } from "../../core/executor/index.ts";
import { attentionMsMax } from "./limits.ts";

/** Something that was counted, by what it was. */
export type Counts = Readonly<Record<string, number>>;

/** What is known of the runs that were started on one day. Facts of several days add up. */
export interface Facts {
  readonly runs: number;
  readonly status: Counts;
  /** Milliseconds from start to end of those that are completed. */
  readonly timesMs: readonly number[];
  /** Of those that have ended. */
  readonly costsUsd: readonly number[];
  readonly automated: number;
  /** Those that have ended, or wait for a person. */
  readonly decided: number;
  readonly errors: Counts;
  readonly reviews: number;
  readonly attentionMs: number;
  readonly sample: SampleFacts;
  /** False where there were more runs than are counted. */
  readonly isComplete: boolean;
}

/** What only the journal tells, of some of the runs. */
export interface SampleFacts {
  readonly runs: number;
  readonly steps: number;
  readonly machineSteps: number;
  /** Runs in which something took the place of what was asked first. */
  readonly fallbackRuns: number;
  readonly fallbacks: Counts;
  readonly right: number;
  readonly judged: number;
  /** Scores named `accuracy`. */
  readonly scores: number;
  readonly scoreSum: number;
  readonly simulated: boolean;
}

type Counted = Omit<Facts, "sample" | "reviews" | "attentionMs" | "isComplete">;

const isError = ({ status, errorCode }: RunFigure) =>
  status === "failed" || status === "expired" || (status === "paused" && errorCode !== null);

/** What the rows of the runs tell. */
export function countRuns(runs: readonly RunFigure[]): Counted {
  const ended = runs.filter(({ endedAt }) => endedAt !== null);
  const completed = runs.filter(({ status }) => status === "completed");
  return {
    runs: runs.length,
    status: countBy(runs, ({ status }) => status),
    timesMs: completed.map(({ startedAt, endedAt }) => (endedAt ?? startedAt) - startedAt),
    costsUsd: ended.map(({ costUsd }) => costUsd ?? 0),
    automated: completed.filter(({ isReviewed }) => !isReviewed).length,
    decided: runs.filter(({ endedAt, isReviewed }) => endedAt !== null || isReviewed).length,
    errors: countBy(runs.filter(isError), ({ errorCode, status }) => errorCode ?? status),
  };
}

/**
 * How long people were at work on reviews, estimated from the journal: from the decision before, or from
 * the question where that came later, to the decision; no more than a bound each.
 */
export function attentionOf(
  decisions: readonly { readonly requestedAt: number; readonly decidedAt: number }[],
): number {
  let [total, before] = [0, 0];
  for (const { requestedAt, decidedAt } of decisions) {
    total += Math.min(attentionMsMax, decidedAt - Math.max(requestedAt, before));
    before = decidedAt;
  }
  return total;
}

export function countBy<T>(items: readonly T[], key: (item: T) => string): Counts {
  const groups = Object.entries(Object.groupBy(items, key));
  return Object.fromEntries(groups.map(([name, members = []]) => [name, members.length]));
}

export function addUp(days: readonly Facts[]): Facts {
  const sum = (of: (facts: Facts) => number) => days.reduce((total, facts) => total + of(facts), 0);
  return {
    runs: sum(({ runs }) => runs),
    status: addCounts(days.map(({ status }) => status)),
    timesMs: days.flatMap(({ timesMs }) => timesMs),
    costsUsd: days.flatMap(({ costsUsd }) => costsUsd),
    automated: sum(({ automated }) => automated),
    decided: sum(({ decided }) => decided),
    errors: addCounts(days.map(({ errors }) => errors)),
    reviews: sum(({ reviews }) => reviews),
    attentionMs: sum(({ attentionMs }) => attentionMs),
    sample: {
      runs: sum(({ sample }) => sample.runs),
      steps: sum(({ sample }) => sample.steps),
      machineSteps: sum(({ sample }) => sample.machineSteps),
      fallbackRuns: sum(({ sample }) => sample.fallbackRuns),
      fallbacks: addCounts(days.map(({ sample }) => sample.fallbacks)),
      right: sum(({ sample }) => sample.right),
      judged: sum(({ sample }) => sample.judged),
      scores: sum(({ sample }) => sample.scores),
      scoreSum: sum(({ sample }) => sample.scoreSum),
      simulated: days.some(({ sample }) => sample.simulated),
    },
    isComplete: days.every(({ isComplete }) => isComplete),
  };
}

function addCounts(counts: readonly Counts[]): Counts {
  const total: Record<string, number> = {};
  for (const [name, n] of counts.flatMap((each) => Object.entries(each)))
    total[name] = (total[name] ?? 0) + n;
  return total;
}
