import { formatShare, nextTurn, shareBounds } from "../../core/base/index.ts";
import type { Release, RunStarted } from "../../core/executor/index.ts";
import { type Candidate, type Estimate, type ReplayedRun, replayRun, summaryOf } from "../evals/index.ts";
import type { Change } from "./changes.ts";
import type { OptimizerDeps } from "./deps.ts";
import { type Figures, figuresOf, type Observation, observationOf } from "./observations.ts";
import type { Bars } from "./proposals.ts";
import { observe } from "./record.ts";
import { trialId } from "./trials.ts";
import { hasFailed, outcomeOf, rightBeside } from "./truth.ts";

/** What a candidate made of recorded runs. */
export interface Past {
  readonly runs: number;
  readonly replayed: number;
  /** Runs that came to something outside that a replay may not touch, as a model that costs money. */
  readonly blocked: number;
  /** What was kept from being touched, in all of them. */
  readonly blockedEffects: number;
  readonly notReplayable: number;
  /** Of the replayed runs, those that end otherwise. */
  readonly changed: Estimate;
  /** Steps whose recorded answer stood, whose answer stood in the trial of the finding, and that were done again. */
  readonly steps: { readonly reused: number; readonly askedBefore: number; readonly doneAgain: number };
  /** A run, less than on record. */
  readonly costUsd: Estimate | null;
  readonly tookMs: Estimate | null;
  readonly figures: Figures;
  /** Of the answers that are judged, those that are right. */
  readonly right: { readonly right: number; readonly n: number; readonly low: number; readonly high: number };
  readonly failed: number;
}

interface Replaying {
  readonly runs: readonly string[];
  readonly release: Release;
  readonly change: Change;
  /** The digest of the release that the finding tried, whose answers are paid for. */
  readonly triedAs: string | null;
}

/**
 * Walks recorded runs with a candidate: what asks the same keeps its answer, also that of the finding's trial; what the
 * change touches is done again, as far as that reaches nothing outside and costs nothing. Undefined when it is cut off.
 */
export async function pastOf(
  { runs, release, change, triedAs }: Replaying,
  deps: OptimizerDeps,
  signal: AbortSignal,
): Promise<Past | undefined> {
  const items: ReplayedRun[] = [];
  const observations: Observation[] = [];
  const outcomes: number[] = [];
  const request = {
    candidate: release,
    permissions: { allow: new Set<string>(), simulate: true },
    ...(triedAs === null ? {} : { askedBefore: (run: string) => trialId(run, triedAs) }),
  };
  for (const run of runs) {
    await nextTurn();
    if (signal.aborted) return undefined;
    const { item, candidate } = await replayRun(run, request, deps.replay);
    items.push(item);
    if (!candidate || item.status !== "replayed") continue;
    const original = await observe(run, deps);
    const observation = await observed(run, { item, candidate }, deps);
    const outcome = outcomeOf(change.kind, observation, rightBeside(change, observation, original));
    if (outcome !== null) outcomes.push(outcome);
    observations.push(observation);
  }
  const right = outcomes.filter((outcome) => outcome === 1).length;
  const { replayed, blocked, notReplayable, damaged, changed, costUsd, tookMs } = summaryOf(items);
  const hows = items.flatMap(({ steps }) => steps.map(({ how }) => how));
  const count = (meant: string) => hows.filter((how) => how === meant).length;
  return {
    runs: items.length,
    replayed,
    blocked,
    blockedEffects: items.reduce((sum, { blockedEffects }) => sum + blockedEffects.length, 0),
    notReplayable: notReplayable + damaged,
    changed,
    steps: { reused: count("reused"), askedBefore: count("asked_before"), doneAgain: count("rerun") },
    costUsd,
    tookMs,
    figures: figuresOf(observations),
    right: { right, n: outcomes.length, ...shareBounds(right, outcomes.length) },
    failed: observations.filter(hasFailed).length,
  };
}

/** A walk in memory, as a run that was recorded. */
async function observed(
  run: string,
  { item, candidate: { rehearsed, results } }: { item: ReplayedRun; candidate: Candidate },
  { journal }: OptimizerDeps,
): Promise<Observation> {
  const [first] = await journal.read(`run/${run}`);
  const { status, output, tookMs, costUsd } = rehearsed;
  const startedAt = first?.at ?? 0;
  const steps = item.steps.map(({ path, kind, how }) => {
    const result = results.get(path) ?? null;
    const isAnswered = result !== null && how !== "needs_review";
    return { path, kind, result, status: isAnswered ? "completed" : "waiting", ...untimed } as const;
  });
  return observationOf(
    {
      id: run,
      started: (first?.data ?? null) as RunStarted | null,
      startedAt,
      endedAt: startedAt + tookMs,
      status: status === "stopped" ? "failed" : status,
      output,
      costUsd,
      steps,
    },
    new Map(),
  );
}

const untimed = { trace: null, startedAt: null, endedAt: null } as const;

/** Why a candidate has failed on the past; undefined where the past has nothing against it. Pure. */
export function failingOf({ right, failed, replayed, figures }: Past, bars: Bars): string | undefined {
  const { accuracyMin, errorRateMax, costMeanMaxUsd, timeToResultP50MaxMs } = bars;
  if (right.n > 0 && right.high < accuracyMin)
    return `${right.right} of ${right.n} recorded runs were right: below ${formatShare(accuracyMin)}`;
  if (shareBounds(failed, replayed).low > errorRateMax)
    return `${failed} of ${replayed} recorded runs failed: above ${formatShare(errorRateMax)}`;
  if (costMeanMaxUsd > 0 && figures.costPerRun.low > costMeanMaxUsd)
    return "recorded runs cost more than its bar";
  if (timeToResultP50MaxMs !== null && figures.timeToResultP50.low > timeToResultP50MaxMs)
    return "recorded runs took longer than its bar";
  return undefined;
}

/** What the past says of a candidate that may go on. */
export function passedText({ runs, replayed, right, steps }: Past): string {
  if (replayed === 0) return `none of ${runs} recorded runs could be replayed: the past says nothing`;
  const judged = right.n === 0 ? "" : `, ${right.right} of ${right.n} right`;
  return `replayed ${replayed} of ${runs} recorded runs${judged}; ${steps.askedBefore} answers of the finding's trial were reused`;
}
