import type { JsonObject } from "../../core/base/index.ts";
import type { WorkflowDocument } from "../../core/workflow/index.ts";
import {
  type ClassifierModel,
  chooseThreshold,
  decidedAt,
  expectedCalibrationError,
  heldOutDecisions,
  shareLowerBound,
} from "../../models/learning/index.ts";
import type { RecordedAnswer } from "./answers.ts";
import { type Change, noPrize, type Opportunity, plain } from "./changes.ts";
import { calibrationErrorMax, gainMin, precisionDefault, replayMargin } from "./limits.ts";
import { figuresOf, isAutomated, type Observation } from "./observations.ts";
import { type Interval, meanInterval, medianInterval, rounded, shareInterval } from "./statistics.ts";
import { isAsAutomated } from "./swap.ts";
import { reviewSteps } from "./threshold.ts";
import { rightAlone } from "./truth.ts";

type Cascade = Extract<Change, { kind: "cascade" }>;

/** A classifier that was trained on the earlier answers of a step, and the later ones that it has not seen. */
export interface Pupil {
  readonly model: ClassifierModel;
  readonly trainedOn: number;
  readonly heldOut: readonly RecordedAnswer[];
  /** Of the rows, those whose label does not rest on a model's own word; and of those that say the same, the share that contradicts the others. */
  readonly trusted: number;
  readonly contradicting: number;
}

interface Examined {
  readonly change: Omit<Cascade, "below">;
  readonly pupil: Pupil;
  readonly document: WorkflowDocument;
  readonly observations: readonly Observation[];
  /** The confidence with which the precision must be shown. */
  readonly level: number;
  /** Where the rows are, and the model. */
  readonly provenance: JsonObject;
}

/** What a classifier says of an answer that it has not seen. */
interface Said {
  readonly answer: RecordedAnswer;
  readonly label: string;
  readonly confidence: number;
}

/**
 * A small model of our own that may answer what it is sure of: where it is, it was right as often as the workflow's
 * target says, on answers that came after all those that it was trained on.
 */
export function cascadeOpportunity(examined: Examined): Opportunity | undefined {
  const { change, pupil, document, observations, level, provenance } = examined;
  const said = pupil.heldOut.map((answer) => ({ answer, ...predicted(pupil.model, answer.text) }));
  const { decisions, calibrationError } = judged(said);
  const target = targetOf(document, pupil.heldOut);
  const threshold = chooseThreshold(decisions, target, level);
  if (threshold === null || calibrationError > calibrationErrorMax) return undefined;
  const below = roundedUp(threshold);
  const { decided, right } = decidedAt(decisions, below);
  const cascade: Cascade = { ...change, below };
  const runs = besides(cascade, said, { document, observations });
  const after = runs.map(({ after }) => after);
  const [was, is] = [runs.map(({ before }) => before), after].map((each) =>
    figuresOf(each, { ofAutomated: false }),
  );
  const saved = meanInterval(runs.map(({ before, after }) => before.costUsd - after.costUsd));
  if (!was || !is || saved.mid < gainMin * was.costPerRun.mid) return undefined;
  if (is.accuracy.mid < Math.min(target, was.accuracy.mid) - replayMargin / 3) return undefined;
  if (!isAsAutomated(after, observations, document.targets?.automated)) return undefined;
  const coverage = shareInterval(decided, said.length);
  const savedMs = medianInterval(
    runs.flatMap(({ before, after }) => (before.costUsd === after.costUsd ? [] : savedMsOf(before, after))),
  );
  return {
    finding: {
      kind: "cascade",
      step: change.step,
      summary: `a classifier of our own, sure of ${Math.round(100 * coverage.mid)}% of what came later, was right in ${right} of ${decided}, for ${Math.round((100 * is.costPerRun.mid) / was.costPerRun.mid)}% of the cost`,
      evidence: {
        answers: pupil.trainedOn + said.length,
        trainedOn: pupil.trainedOn,
        heldOut: said.length,
        trusted: pupil.trusted,
        contradicting: rounded(pupil.contradicting),
        labels: pupil.model.labels.length,
        coverage: plain(roundedAll(coverage)),
        precision: {
          ...roundedAll(shareInterval(right, decided)),
          lowerBound: rounded(shareLowerBound(right, decided, level)),
        },
        confidence: rounded(level),
        target: rounded(target),
        calibrationError: rounded(calibrationError),
        savedUsdPerRun: { ...saved },
        savedMsWhereSure: { ...savedMs },
        ...provenance,
      },
      prize: { ...noPrize, usdPerRun: saved.mid, msPerRun: coverage.mid * savedMs.mid },
    },
    change: cascade,
    counterfactual: after,
    costPerRun: costPerRun(runs),
  };
}

function predicted(model: ClassifierModel, text: string) {
  const { label, confidence } = model.predict(text);
  return { label, confidence };
}

/**
 * What the workflow asks for, or what it reaches where that is less. Answers that nobody has looked at count as right:
 * those that people see are the doubtful ones, and say too little for the model.
 */
function targetOf({ targets }: WorkflowDocument, heldOut: readonly RecordedAnswer[]): number {
  const right = heldOut.filter(({ answer, label }) => answer === label).length;
  return Math.min(targets?.accuracy ?? precisionDefault, right / heldOut.length, precisionMax);
}

/** No sample shows that all is right. */
const precisionMax = 0.999;

function judged(said: readonly Said[]) {
  const confidences = Float32Array.from(said, ({ confidence }) => confidence);
  const correct = Uint8Array.from(said, ({ label, answer }) => Number(label === answer.label));
  return {
    decisions: heldOutDecisions(confidences, correct),
    calibrationError: expectedCalibrationError(confidences, correct, 10),
  };
}

/** The runs of the present version among those that were held out, as they were and as they would have been. */
function besides(
  change: Cascade,
  said: readonly Said[],
  { document, observations }: Pick<Examined, "document" | "observations">,
): readonly { readonly before: Observation; readonly after: Observation }[] {
  const reviews = reviewSteps(document).filter(({ judged }) => judged === change.step);
  const byRun = new Map(said.map((each) => [each.answer.run, each]));
  return observations.flatMap((before) => {
    const pupil = byRun.get(before.run);
    if (!pupil || !before.hasEnded) return [];
    if (pupil.confidence >= change.below)
      return [{ before, after: answeredHere(change, before, pupil, reviews) }];
    const isRight = rightAlone(change, before) ?? before.isRight;
    return [{ before, after: { ...before, isRight } }];
  });
}

/** The classifier has answered in the place of the model: for nothing, at once, with a confidence of its own. */
function answeredHere(
  { step: path }: Cascade,
  before: Observation,
  { label, confidence, answer }: Said,
  reviews: ReturnType<typeof reviewSteps>,
): Observation {
  const asked = before.steps.find((step) => step.path === path);
  const isRight = label === answer.label;
  const steps = before.steps.map((step) =>
    step.path === path ? { ...step, value: label, confidence, costUsd: 0, tookMs: 0, isRight } : step,
  );
  let savedMs = asked?.tookMs ?? 0;
  const askedOf = before.reviews.map((review) => {
    const below = reviews.find((each) => each.path === review.path)?.below;
    if (below === undefined || review.reason === "rule") return review;
    const isAsked = confidence < below;
    if (review.isAsked && !isAsked)
      savedMs += before.steps.find((step) => step.path === review.path)?.tookMs ?? 0;
    return { ...review, isAsked };
  });
  const tookMs = before.tookMs === null ? null : Math.max(0, before.tookMs - savedMs);
  const costUsd = before.costUsd - (asked?.costUsd ?? 0);
  return { ...before, steps, reviews: askedOf, tookMs, costUsd, isRight };
}

/**
 * Of as many runs to come. Nearly all cost nothing, or nearly none: there a normal interval is too narrow, so that of
 * the share of runs that cost nothing counts too.
 */
function costPerRun(
  runs: readonly { readonly before: Observation; readonly after: Observation }[],
): Interval {
  const normal = meanInterval(
    runs.map(({ after }) => after.costUsd),
    "next sample",
  );
  const saved = runs.filter(({ before, after }) => after.costUsd < before.costUsd).length;
  const share = shareInterval(saved, runs.length, "next sample");
  const all = meanInterval(runs.map(({ before }) => before.costUsd)).mid;
  const perShare = saved === 0 ? 0 : (all - normal.mid) / share.mid;
  const at = (covered: number) => Math.max(0, all - perShare * covered);
  return {
    low: Math.min(normal.low, at(share.high)),
    mid: normal.mid,
    high: Math.max(normal.high, at(share.low)),
  };
}

function savedMsOf(before: Observation, after: Observation): readonly number[] {
  const isSameReview = isAutomated(before) === isAutomated(after);
  return isSameReview && before.tookMs !== null && after.tookMs !== null
    ? [before.tookMs - after.tookMs]
    : [];
}

/** A bound that people can read, and that lets no more through. */
function roundedUp(threshold: number): number {
  return Math.min(1, Math.ceil(threshold * 10_000) / 10_000);
}

function roundedAll({ low, mid, high }: Interval): Interval {
  return { low: rounded(low), mid: rounded(mid), high: rounded(high) };
}
