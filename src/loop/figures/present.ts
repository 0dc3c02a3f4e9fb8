import { nearestRank } from "../../core/base/index.ts";
import { addUp, type Counts, type Facts, type SampleFacts } from "./facts.ts";
import { reasonsMax } from "./limits.ts";

const hourMs = 3_600_000;

/** Figures of some time, by the names that a workflow's targets have, and more. None where nothing was. */
export function presentFigures(facts: Facts, hours: number) {
  const { sample } = facts;
  const times = Float64Array.from(facts.timesMs).sort();
  const completed = facts.status.completed ?? 0;
  const errors = total(facts.errors);
  const fallbackRate = share(sample.fallbackRuns, sample.runs);
  return {
    runs: facts.runs,
    status: facts.status,
    automated: share(facts.automated, facts.decided),
    accuracy: accuracyOf(sample),
    timeToResultP50Ms: nearestRank(times, 0.5) ?? null,
    timeToResultP95Ms: nearestRank(times, 0.95) ?? null,
    costMeanUsd: facts.costsUsd.length > 0 ? sumOf(facts.costsUsd) / facts.costsUsd.length : null,
    costTotalUsd: sumOf(facts.costsUsd),
    reviews: facts.reviews,
    reviewMinutesMean: facts.decided > 0 ? facts.attentionMs / 60_000 / facts.decided : null,
    errorRate: share(errors, facts.decided + errors - endedInError(facts)),
    fallbackRate,
    agentUtilization: share(sample.machineSteps, sample.steps),
    throughputPerHour: hours > 0 ? completed / hours : null,
    sampledRuns: sample.runs,
    simulated: sample.simulated,
  };
}

/** Known answers say more than scores, so they go first. */
function accuracyOf({ judged, right, scores, scoreSum }: SampleFacts) {
  if (judged > 0) return { share: right / judged, n: judged, from: "expected" as const };
  return scores > 0 ? { share: scoreSum / scores, n: scores, from: "scores" as const } : null;
}

/** Errors of runs that have ended are among those that are decided; of paused ones not. */
function endedInError({ status }: Facts): number {
  return (status.failed ?? 0) + (status.expired ?? 0);
}

export interface Day {
  readonly day: string;
  readonly facts: Facts;
  /** How much of it has passed. */
  readonly ms: number;
}

export function presentMetrics(days: readonly Day[]) {
  const all = addUp(days.map(({ facts }) => facts));
  const hours = days.reduce((sum, { ms }) => sum + ms, 0) / hourMs;
  return {
    actual: presentFigures(all, hours),
    errors: reasons(all.errors),
    fallbacks: reasons(all.sample.fallbacks),
    days: days.map(({ day, facts, ms }) => ({ day, ...presentFigures(facts, ms / hourMs) })),
    isComplete: all.isComplete,
  };
}

/** The most frequent first. */
function reasons(counts: Counts) {
  const sorted = Object.entries(counts).toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return sorted.slice(0, reasonsMax).map(([reason, count]) => ({ reason, count }));
}

function total(counts: Counts): number {
  return sumOf(Object.values(counts));
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function share(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}
