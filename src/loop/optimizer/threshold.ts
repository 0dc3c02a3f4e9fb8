import type { WorkflowDocument } from "../../core/workflow/index.ts";
import { shareLowerBound } from "../../models/learning/index.ts";
import { noPrize, type Opportunity } from "./changes.ts";
import type { ErrorBudget } from "./error-budget.ts";
import { accuracyMargin, gainMin } from "./limits.ts";
import { isAutomated, type Observation } from "./observations.ts";
import { rounded, shareInterval } from "./statistics.ts";

/** The strictest change that is tried frees this many drafts from a review; each next one a few more. */
const firstFreed = 20;
const nextFreed = 5;
/** So many of the least sure are held against the target by themselves. */
const leastSure = 30;

interface ReviewStep {
  readonly path: string;
  readonly below: number;
  /** Whose confidence it goes by. */
  readonly judged: string;
}

/** A draft that was held back for its low confidence alone. */
interface HeldBack {
  readonly run: string;
  readonly confidence: number;
  readonly isRight: boolean;
}

/**
 * Reviews that people hardly ever change anything in. The threshold may fall as far as what would then be decided
 * alone, old and new together, is right as often as the workflow's target says, with the one-sided confidence that
 * the budget asks for (Clopper and Pearson). Thresholds of a review are tested from the strictest on and the first
 * that fails ends the search, so that they are one test (fixed-sequence testing, as in `models/learning`).
 */
export function thresholdOpportunity(
  document: WorkflowDocument,
  observations: readonly Observation[],
  { budget, reviewMinutes }: { readonly budget: ErrorBudget; readonly reviewMinutes: number },
): Opportunity | undefined {
  const { accuracy: target, automated: wanted } = document.targets ?? {};
  const automated = observations.filter(isAutomated);
  if (target === undefined || observations.length === 0) return undefined;
  const share = shareInterval(automated.length, observations.length);
  if (wanted !== undefined && share.high >= wanted) return undefined;
  for (const review of reviewSteps(document)) {
    const held = heldBack(review, observations);
    const alone = automated.filter(({ isRight }) => isRight !== null);
    const known = { right: alone.filter(({ isRight }) => isRight).length, n: alone.length };
    const below = budget.test((level) => lowestSafe(held, known, { target, level }));
    if (below === undefined || below >= review.below) continue;
    const freed = held.filter(({ confidence }) => confidence >= below);
    if (freed.length / observations.length < gainMin) continue;
    return opportunityOf({ review, below, freed, held, target, reviewMinutes }, observations);
  }
  return undefined;
}

export function reviewSteps({ steps }: WorkflowDocument): readonly ReviewStep[] {
  return steps.flatMap(({ id, kind, config }) => {
    const judged = /^\{\{\s*(?:steps\.)?(\w+)\.confidence\s*\}\}$/.exec(String(config.confidence ?? ""))?.[1];
    if (kind !== "human_review" || typeof config.below !== "number" || judged === undefined) return [];
    return [{ path: id, below: config.below, judged }];
  });
}

function heldBack(
  { path, judged, below }: ReviewStep,
  observations: readonly Observation[],
): readonly HeldBack[] {
  const held = observations.flatMap(({ run, steps, reviews, isRight }) => {
    const review = reviews.find((each) => each.path === path);
    const confidence = steps.find((each) => each.path === judged)?.confidence ?? null;
    const isHeld = review?.isAsked && review.reason !== "rule" && confidence !== null && confidence < below;
    return isHeld && isRight !== null ? [{ run, confidence, isRight }] : [];
  });
  return held.sort((one, other) => other.confidence - one.confidence);
}

function lowestSafe(
  held: readonly HeldBack[],
  alone: { readonly right: number; readonly n: number },
  { target, level }: { readonly target: number; readonly level: number },
): number | undefined {
  let safe: number | undefined;
  for (let count = firstFreed; count <= held.length; count += nextFreed) {
    const below = Math.ceil((held[count - 1]?.confidence ?? 1) * 100) / 100;
    const freed = held.filter(({ confidence }) => confidence >= below);
    const right = freed.filter(({ isRight }) => isRight).length;
    // The least sure of them must be good by themselves: a long clean record shall not pay for them.
    const last = freed.slice(-leastSure);
    const isGoodAlone = last.filter((each) => each.isRight).length >= (target - accuracyMargin) * last.length;
    if (freed.length < firstFreed) continue;
    if (!isGoodAlone || shareLowerBound(alone.right + right, alone.n + freed.length, level) < target) break;
    safe = below;
  }
  return safe;
}

interface Found {
  readonly review: ReviewStep;
  readonly below: number;
  readonly freed: readonly HeldBack[];
  readonly held: readonly HeldBack[];
  readonly target: number;
  readonly reviewMinutes: number;
}

function opportunityOf(
  { review, below, freed, held, target, reviewMinutes }: Found,
  observations: readonly Observation[],
): Opportunity {
  const right = freed.filter(({ isRight }) => isRight).length;
  const share = freed.length / observations.length;
  return {
    finding: {
      kind: "change_threshold",
      step: review.path,
      summary: `${right} of ${freed.length} drafts with a confidence from ${below} to ${review.below} were right as they stood`,
      evidence: {
        runs: observations.length,
        heldBack: held.length,
        freed: freed.length,
        right,
        lowerBound: rounded(shareLowerBound(right, freed.length)),
        target,
      },
      prize: { ...noPrize, reviewMinutesPerRun: rounded(share * reviewMinutes) },
    },
    change: { kind: "change_threshold", step: review.path, below },
    counterfactual: freedOf(review.path, new Set(freed.map(({ run }) => run)), observations),
  };
}

/** The runs as they would have been: nobody asked, and nothing waited for. */
function freedOf(
  path: string,
  freed: ReadonlySet<string>,
  observations: readonly Observation[],
): readonly Observation[] {
  return observations.map((observation) => {
    if (!freed.has(observation.run)) return observation;
    const waitedMs = observation.steps.find((step) => step.path === path)?.tookMs ?? 0;
    const reviews = observation.reviews.map((review) =>
      review.path === path ? { ...review, isAsked: false } : review,
    );
    const tookMs = observation.tookMs === null ? null : observation.tookMs - waitedMs;
    return { ...observation, reviews, tookMs };
  });
}
