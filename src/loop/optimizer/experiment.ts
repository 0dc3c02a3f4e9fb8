import { formatMoney, formatShare } from "../../core/base/index.ts";
import type { JournalEvent } from "../../core/journal/index.ts";
import type { Effects } from "./changes.ts";
import type { Bounds } from "./keeping.ts";
import { alpha, canaryRunsMax, canaryRunsMin, judgedMin, shadowRunsMax, shadowRunsMin } from "./limits.ts";
import type { Past } from "./past.ts";
import type { Bars } from "./proposals.ts";
import { evidenceAbove, evidenceBelow } from "./sequential.ts";

// Experiment
// ==========
// Invariants
//   E1. The bars are fixed before the first run, and no later event moves them.
//   E2. A candidate gets a tenth of the runs at most until it is promoted.
//   E3. Labels move by rollouts alone; an experiment that has ended has none running.
//   E4. A promoted version is held against the same bars until another one comes after it, and goes back by itself.

export const stages = ["replay", "shadow", "canary", "promoted", "rolledBack"] as const;
export type Stage = (typeof stages)[number];

/** Facts of an experiment, in the stream `experiment/ID`. */
export type ExperimentEvent =
  | { readonly type: "experiment.started"; readonly data: Started }
  /** The first stage is over; what failed on the past is rolled back. */
  | { readonly type: "experiment.replayed"; readonly data: { readonly replay: Past } }
  | { readonly type: "experiment.staged"; readonly data: Staged }
  /** It would be promoted, or taken back, and something stands against that: an approval that is missing. */
  | { readonly type: "experiment.held"; readonly data: { readonly reason: string } }
  | { readonly type: "experiment.promoted"; readonly data: Promoted }
  /** What it has come to since its promotion. */
  | { readonly type: "experiment.measured"; readonly data: { readonly realised: Effects } }
  /** Nobody watches it any more: another version is production. */
  | { readonly type: "experiment.closed"; readonly data: { readonly reason: string } }
  | { readonly type: "experiment.rolled_back"; readonly data: Ended };

interface Started {
  readonly proposal: string;
  readonly workflow: string;
  readonly bars: Bars;
  readonly before: Effects;
  readonly expected: Effects;
  /** Who approved of it: `optimizer` where it began by itself, within bounds. */
  readonly by: string;
  readonly bounds: Pick<Bounds, "maxShare" | "maxSpendUsd"> | null;
}

interface Staged {
  readonly stage: "shadow" | "canary";
  readonly rollout: string;
  readonly share: number;
  readonly reason: string;
}

interface Ended {
  readonly reason: string;
  readonly realised: Effects | null;
}

interface Promoted extends Ended {
  /** The digest of the release that production was from then on. */
  readonly release: string;
}

export interface Experiment extends Started {
  readonly id: string;
  readonly stage: Stage;
  /** What the candidate made of recorded runs; null before that is known. */
  readonly replay: Past | null;
  /** The rollout of its stage; of what was promoted, the one that takes it back. */
  readonly rollout: string | null;
  /** The digest of the release that production became by its promotion. */
  readonly release: string | null;
  /** Promoted, and held against its bars with every run. */
  readonly isWatched: boolean;
  /** Of the runs, those that the candidate answers now, and that it has answered at most. */
  readonly share: number;
  readonly maxShare: number;
  readonly reason: string;
  readonly realised: Effects | null;
}

/** The fold of a stream `experiment/ID`. Pure. */
export function experimentOf(id: string, events: readonly JournalEvent[]): Experiment | undefined {
  return events.reduce<Experiment | undefined>((before, { type, data }) => {
    const event = { type, data } as unknown as ExperimentEvent;
    return evolve(id, before, event);
  }, undefined);
}

function evolve(
  id: string,
  before: Experiment | undefined,
  { type, data }: ExperimentEvent,
): Experiment | undefined {
  if (type === "experiment.started")
    return {
      ...data,
      id,
      stage: "replay",
      replay: null,
      rollout: null,
      release: null,
      isWatched: false,
      share: 0,
      maxShare: 0,
      reason: "it begins",
      realised: null,
    };
  if (!before) return undefined;
  switch (type) {
    case "experiment.replayed":
      return { ...before, ...data };
    case "experiment.staged": {
      const share = data.stage === "canary" ? data.share : 0;
      return { ...before, ...data, share, maxShare: Math.max(before.maxShare, share) };
    }
    case "experiment.held":
      return { ...before, reason: data.reason };
    case "experiment.promoted":
      return { ...before, ...data, stage: "promoted", isWatched: true, share: 1, maxShare: 1 };
    case "experiment.measured":
      return { ...before, realised: data.realised };
    case "experiment.closed":
      return { ...before, isWatched: false };
    case "experiment.rolled_back":
      return { ...before, ...data, stage: "rolledBack", rollout: null, isWatched: false, share: 0 };
  }
}

/** Nothing that happens changes it any more. */
export function isOver({ stage, isWatched }: Experiment): boolean {
  return stage === "rolledBack" || (stage === "promoted" && !isWatched);
}

/** What the runs of the candidate have come to: 1 for good, 0 for bad. */
export interface Evidence {
  readonly shadow: readonly number[];
  readonly canary: readonly number[];
  /** Runs of the stage, those included that say nothing. */
  readonly runs: number;
  /** What the shadows have cost, which would not have been spent without the experiment. */
  readonly shadowCostUsd: number;
}

export type Decision =
  | { readonly next: "wait" }
  | { readonly next: "canary" | "promote" | "rollBack"; readonly reason: string };

/** What follows from the evidence. Pure. */
export function decide(
  stage: "shadow" | "canary",
  { bars, bounds }: Pick<Experiment, "bars" | "bounds">,
  { shadow, canary, runs, shadowCostUsd }: Evidence,
): Decision {
  const own = stage === "shadow" ? shadow : canary;
  const all = [...shadow, ...canary];
  if (own.length >= judgedMin && evidenceBelow(own, bars.accuracyMin) >= 1 / alpha)
    return { next: "rollBack", reason: `${told(own)}: below ${formatShare(bars.accuracyMin)}` };
  if (bounds && stage === "shadow" && shadowCostUsd > bounds.maxSpendUsd)
    return {
      next: "rollBack",
      reason: `its shadow has cost ${formatMoney(shadowCostUsd)}, which is more than it may`,
    };
  const isProven = evidenceAbove(all, bars.provenAccuracyMin) >= 1 / alpha;
  const [runsMin, runsMax] =
    stage === "shadow" ? [shadowRunsMin, shadowRunsMax] : [canaryRunsMin, canaryRunsMax];
  if (isProven && runs >= runsMin) {
    const reason = `${told(all)}: shown to be above ${formatShare(bars.provenAccuracyMin)}`;
    return { next: stage === "shadow" ? "canary" : "promote", reason };
  }
  if (runs >= runsMax)
    return { next: "rollBack", reason: `${runs} runs have not shown that it is good enough` };
  return { next: "wait" };
}

/** What was shown so far of what the next stage needs. */
export interface Seen {
  /** Runs of the stage. */
  readonly runs: number;
  /** Of all stages on running traffic, the answers that are judged, and those that are right. */
  readonly judged: number;
  readonly right: number;
  /** Of the evidence that is needed, 0 to 1, as its logarithm: about as much comes with each run. */
  readonly shown: number;
}

export function seenOf({ bars }: Pick<Experiment, "bars">, { shadow, canary, runs }: Evidence): Seen {
  const all = [...shadow, ...canary];
  const evidence = Math.log(evidenceAbove(all, bars.provenAccuracyMin)) / Math.log(1 / alpha);
  return { runs, judged: all.length, right: sumOf(all), shown: Math.min(1, Math.max(0, evidence)) };
}

function sumOf(outcomes: readonly number[]): number {
  return outcomes.reduce((sum, outcome) => sum + outcome, 0);
}

function told(outcomes: readonly number[]): string {
  return `${sumOf(outcomes)} of ${outcomes.length} were right`;
}
