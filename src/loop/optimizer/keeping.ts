import { parseDuration, parseMoney, parseShare } from "../../core/base/index.ts";
import type { ProposalKind } from "./changes.ts";
import { canaryShare, reviewMinutesDefault, spendMaxUsdDefault } from "./limits.ts";

/**
 * `advise`: looks when asked, and says what it would do. `propose`: looks by itself too, and leaves the proposals to a
 * person. `act_within`: begins experiments by itself, within bounds.
 */
export const modes = ["advise", "propose", "act_within"] as const;
export type Mode = (typeof modes)[number];

/** What is said of the optimizer in `flyball.yaml`. */
export interface OptimizerSettings {
  readonly mode: Mode;
  /** A duration, or `N runs`. */
  readonly every: string;
  readonly kinds?: readonly ProposalKind[] | undefined;
  readonly max_share: number | string;
  readonly max_spend: number | string;
  readonly review_minutes: number;
}

/** How long after a cycle the next one begins by itself. */
export type Every = { readonly ms: number } | { readonly runs: number };

/** What the optimizer may do without being asked. */
export interface Bounds {
  /** Kinds of proposals whose experiment it may begin; null for all. */
  readonly kinds: readonly ProposalKind[] | null;
  /** Of the runs, those that a candidate may answer before it is shown to keep to its bars. */
  readonly maxShare: number;
  /** What the trials of a cycle may cost, and what the shadow of an experiment may. */
  readonly maxSpendUsd: number;
}

export interface Keeping {
  readonly mode: Mode;
  readonly every: Every;
  readonly bounds: Bounds;
  readonly reviewMinutes: number;
}

export const keptByDefault: Keeping = {
  mode: "advise",
  every: { ms: 86_400_000 },
  bounds: { kinds: null, maxShare: canaryShare, maxSpendUsd: spendMaxUsdDefault },
  reviewMinutes: reviewMinutesDefault,
};

/** The settings as they hold. Their texts were checked when the file was read. */
export function keepingOf(written: OptimizerSettings): Keeping {
  const runs = /^(\d+) runs$/.exec(written.every)?.[1];
  return {
    mode: written.mode,
    every: runs === undefined ? { ms: parseDuration(written.every) } : { runs: Number(runs) },
    bounds: {
      kinds: written.kinds ?? null,
      maxShare: Math.min(canaryShare, parseShare(written.max_share)),
      maxSpendUsd: parseMoney(written.max_spend),
    },
    reviewMinutes: written.review_minutes,
  };
}
