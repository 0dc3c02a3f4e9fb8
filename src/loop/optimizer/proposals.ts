import type { Json } from "../../core/base/index.ts";
import type { JournalEvent } from "../../core/journal/index.ts";
import type { Change, Effects, Finding, ProposalKind } from "./changes.ts";
import type { Written } from "./deps.ts";
import { accuracyMargin } from "./limits.ts";
import { type Figures, figuresOf, type Observation } from "./observations.ts";

/** What an experiment is held against; fixed before it begins, by the workflow's targets and its record. */
export interface Bars {
  /** A candidate that is shown to be below this is taken back. */
  readonly accuracyMin: number;
  /** It must be shown to be above this before it is promoted. */
  readonly provenAccuracyMin: number;
  readonly errorRateMax: number;
  readonly costMeanMaxUsd: number;
  /** Null where the workflow names no time, or does not keep to it anyway. */
  readonly timeToResultP50MaxMs: number | null;
}

/** A typed change of one asset: what it is worth, how it is shown, how it is undone. */
export interface Proposal {
  readonly id: string;
  readonly workflow: string;
  readonly kind: ProposalKind;
  readonly change: Change;
  readonly asset: { readonly kind: string; readonly name: string };
  /** Digests of the version that is production, and of the one that would be. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly file: string | null;
  /** Assets that it brings along, and that nothing else names. */
  readonly beside: readonly Written[];
  readonly diff: string;
  /** The digest of the release that was tried on recorded runs: what it answered is paid for. */
  readonly triedAs: string | null;
  readonly finding: Finding;
  readonly before: Effects;
  /** Of as many runs to come. */
  readonly expected: Effects;
  readonly bars: Bars;
  readonly proof: string;
  readonly undo: string;
}

export const proofText =
  "Recorded runs walked again (replay), its answers beside those of running traffic (shadow), then a tenth of the runs (canary), until a sequential test has shown that it keeps to the bars.";
export const undoText = "The label production goes back to the version from before, by a rollout.";

/** What a target says holds where it is kept to; where it is not, nothing may become worse. */
export function barsOf(
  targets: { readonly accuracy?: number; readonly costMeanUsd?: number; readonly timeToResultP50Ms?: number },
  before: Figures,
  observations: readonly Observation[],
): Bars {
  const failed = observations.filter(({ status }) => status === "failed" || status === "expired").length;
  const { n, mid, low } = before.accuracy;
  const reached = n > 0 ? mid : 1 - accuracyMargin;
  const bar = Math.min(targets.accuracy ?? reached, reached);
  const provenAccuracyMin = bar - accuracyMargin;
  const time = targets.timeToResultP50Ms;
  return {
    // What was reached is known so far only: its lower bound must be kept to, for runs without end.
    accuracyMin: bar === targets.accuracy ? bar : Math.max(provenAccuracyMin, n > 0 ? low : bar),
    provenAccuracyMin,
    errorRateMax: Math.max(0.1, (2 * failed) / Math.max(1, observations.length)),
    costMeanMaxUsd: Math.max(targets.costMeanUsd ?? 0, before.costPerRun.high * 1.25),
    timeToResultP50MaxMs: time !== undefined && before.timeToResultP50.mid <= time ? time : null,
  };
}

/** What runs came to. */
export function effectsOf(observations: readonly Observation[], reviewMinutes: number): Effects {
  return figuresOf(observations, { reviewMinutes });
}

/** From what runs would have come to, what as many runs to come will come to. */
export function expectedOf(counterfactual: readonly Observation[], reviewMinutes: number): Effects {
  return figuresOf(counterfactual, { of: "next sample", reviewMinutes });
}

/** A person's no. */
export interface Declined {
  readonly by: string;
  readonly reason: string;
  readonly at: number;
}

/** A proposal, with what was said to it. */
export interface Made {
  readonly proposal: Proposal;
  readonly declined: Declined | null;
}

/** The fold of a stream `proposal/ID`; undefined where there is none. Pure. */
export function madeOf(events: readonly JournalEvent[]): Made | undefined {
  const made = events.find(({ type }) => type === "proposal.made");
  if (!made?.data) return undefined;
  const no = events.find(({ type }) => type === "proposal.declined");
  return {
    proposal: made.data as unknown as Proposal,
    declined: no ? { by: String(no.data?.by), reason: String(no.data?.reason), at: no.at } : null,
  };
}

/** What stands in the stream `optimizer/WORKFLOW`. */
export interface Index {
  readonly proposals: readonly string[];
  /** Experiments by the proposals that they are of. */
  readonly experiments: ReadonlyMap<string, string>;
}

export function indexOf(events: readonly JournalEvent[]): Index {
  const proposals = new Set<string>();
  const experiments = new Map<string, string>();
  for (const { type, data } of events) {
    if (type === "cycle.completed") for (const id of listOf(data?.proposals)) proposals.add(String(id));
    if (type === "experiment.opened") experiments.set(String(data?.proposal), String(data?.experiment));
  }
  return { proposals: [...proposals], experiments };
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
