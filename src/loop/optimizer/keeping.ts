import { z } from "zod";
import {
  formatMoney,
  formatShare,
  InvalidText,
  parseDuration,
  parseMoney,
  parseShare,
} from "../../core/base/index.ts";
import { measured } from "../../core/workflow/index.ts";
import type { ProposalKind } from "./changes.ts";
import { canaryShare, reviewMinutesDefault, spendMaxUsdDefault } from "./limits.ts";

/**
 * `advise`: looks when asked, and says what it would do. `propose`: looks by itself too, and leaves the proposals to a
 * person. `act_within`: begins experiments by itself, within bounds.
 */
export const modes = ["advise", "propose", "act_within"] as const;
export type Mode = (typeof modes)[number];

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

/** How the optimizer is kept, as the settings say. */
export interface Keeping {
  readonly mode: Mode;
  readonly every: Every;
  readonly bounds: Bounds;
  readonly reviewMinutes: number;
}

/** `24h`, or `500 runs`. */
function parseEvery(text: string | number): Every {
  const runs = /^([1-9]\d{0,6}) runs$/.exec(String(text))?.[1];
  if (runs !== undefined) return { runs: Number(runs) };
  try {
    const ms = typeof text === "string" ? parseDuration(text) : 0;
    if (ms > 0) return { ms };
  } catch {
    // It is neither.
  }
  throw new InvalidText(String(text), "a duration such as 24h, or a number of runs such as 500 runs");
}

/** The section `optimizer` of flyball.yaml. */
export const optimizerSettings = z
  .strictObject({
    mode: z
      .enum(modes)
      .default("advise")
      .describe("Looks when it is asked; looks by itself; begins experiments by itself too."),
    every: measured(parseEvery)
      .prefault("24h")
      .describe("How long after a cycle the next one begins by itself."),
    kinds: z
      .array(z.enum(["change_threshold", "swap_model", "cascade", "parallelize", "add_cache"]))
      .exactOptional()
      .describe("Whose experiments it may begin by itself; all without."),
    max_share: measured(parseShare)
      .prefault(formatShare(canaryShare))
      .describe("Of the runs, those that a candidate may answer before it is shown to be good; 10% at most."),
    max_spend: measured(parseMoney)
      .prefault(formatMoney(spendMaxUsdDefault))
      .describe(
        "What the trials of a cycle may cost, and the shadow of an experiment, that nobody has asked for.",
      ),
    review_minutes: z
      .number()
      .min(0)
      .max(1_440)
      .default(reviewMinutesDefault)
      .describe("What a person spends on one review."),
  })
  .transform(
    ({ mode, every, kinds, max_share, max_spend, review_minutes }): Keeping => ({
      mode,
      every,
      bounds: { kinds: kinds ?? null, maxShare: Math.min(canaryShare, max_share), maxSpendUsd: max_spend },
      reviewMinutes: review_minutes,
    }),
  )
  .prefault({})
  .describe("What the optimizer may do without being asked.");
