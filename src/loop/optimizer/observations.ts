import { canonicalJson, isJsonObject, type Json, type JsonObject, sha256 } from "../../core/base/index.ts";
import { isFinal, type RunView, type StepView } from "../../core/executor/index.ts";
import { reviewMinutesDefault } from "./limits.ts";
import { type Interval, meanInterval, medianInterval, type Of, shareInterval } from "./statistics.ts";

/** One step of a run, as far as an optimizer is concerned. */
export interface ObservedStep {
  readonly path: string;
  readonly kind: string;
  readonly value: Json;
  readonly confidence: number | null;
  readonly costUsd: number;
  readonly tookMs: number;
  /** The digest of what a model was asked, and of whom its answer may be told; null where no model was asked. */
  readonly question: string | null;
  /** Its answer was paid for: no cache had it. */
  readonly isAsked: boolean;
  /** Whether it answered as expected; null where nothing is expected of it. */
  readonly isRight: boolean | null;
}

/** What became of a draft at a review. */
export interface ObservedReview {
  readonly path: string;
  /** A person was asked; or would have been, where nobody may be. */
  readonly isAsked: boolean;
  /** Null where nobody was asked. */
  readonly reason: string | null;
  /** Null where nobody has answered. */
  readonly decision: "approve" | "correct" | "reject" | null;
}

/** One run, as far as an optimizer is concerned. */
export interface Observation {
  readonly run: string;
  readonly startedAt: number;
  readonly status: string;
  readonly hasEnded: boolean;
  readonly costUsd: number;
  /** From its start to its end; null while it has none. */
  readonly tookMs: number | null;
  readonly steps: readonly ObservedStep[];
  readonly reviews: readonly ObservedReview[];
  /** Whether all that the machine answered by itself was right; null where nobody knows. */
  readonly isRight: boolean | null;
}

/** What reviews were asked, by the paths of their steps. */
export type ReviewReasons = ReadonlyMap<string, string>;

type SeenStep = Pick<StepView, "path" | "kind" | "status" | "result" | "trace" | "startedAt" | "endedAt">;

/** What must be known of a run, however it was walked. */
interface SeenRun
  extends Pick<RunView, "id" | "started" | "startedAt" | "endedAt" | "status" | "output" | "costUsd"> {
  readonly steps: readonly SeenStep[];
}

/** A run as its record tells it. Pure. */
export function observationOf(view: SeenRun, reasons: ReviewReasons): Observation {
  const { tags, expected } = view.started ?? {};
  const tenant = tags?.tenant ?? null;
  const steps = view.steps
    .filter(({ status }) => status === "completed")
    .map((step) => stepOf(step, { tenant, expected }));
  const reviews = view.steps
    .filter(({ kind }) => kind === "human_review")
    .map((step) => reviewOf(view, step, reasons));
  const { id: run, startedAt, status, endedAt, costUsd } = view;
  return {
    run,
    startedAt,
    status,
    hasEnded: isFinal(status),
    costUsd,
    tookMs: endedAt === null ? null : endedAt - startedAt,
    steps,
    reviews,
    isRight: isRight(view, steps, reviews),
  };
}

export function isAutomated({ reviews }: Observation): boolean {
  return reviews.every(({ isAsked }) => !isAsked);
}

function stepOf(
  step: SeenStep,
  { tenant, expected }: { tenant: string | null; expected: Json | undefined },
): ObservedStep {
  const { path, kind, result, trace, startedAt, endedAt } = step;
  const asked = kind === "inference" ? (trace?.prompt ?? trace?.input ?? null) : null;
  const parameters = trace?.parameters ?? null;
  const value = result?.value ?? null;
  return {
    path,
    kind: kind ?? "",
    value,
    confidence: typeof result?.confidence === "number" ? result.confidence : null,
    costUsd: typeof result?.cost === "number" ? result.cost : 0,
    tookMs: (endedAt ?? 0) - (startedAt ?? endedAt ?? 0),
    question: asked === null ? null : sha256(canonicalJson({ path, asked, parameters, tenant })),
    isAsked: trace?.cache !== "hit",
    isRight: stepIsRight({ path, kind, value }, expected),
  };
}

function reviewOf(view: SeenRun, { path, result, status }: SeenStep, reasons: ReviewReasons): ObservedReview {
  const decision = result?.decision;
  const isAnswered = decision === "approve" || decision === "correct" || decision === "reject";
  const isRejected = view.status === "rejected" && status === "waiting";
  return {
    path,
    isAsked: isAnswered || status === "waiting" || result?.simulated === true,
    reason: reasons.get(path) ?? null,
    decision: isRejected ? "reject" : isAnswered ? decision : null,
  };
}

function stepIsRight(step: JudgedStep, expected: Json | undefined): boolean | null {
  const right = expectedOf(step, expected);
  return right === undefined ? null : isSame(step.value, right);
}

interface JudgedStep {
  readonly path: string;
  readonly kind: string | null;
  readonly value: Json;
}

/** A model is held against what is expected of its step; what is no object is expected of every model that is asked. */
export function expectedOf({ path, kind, value }: JudgedStep, expected: Json | undefined): Json | undefined {
  if (expected === undefined || (!isJsonObject(expected) && kind !== "inference")) return undefined;
  if (!isJsonObject(expected)) return expected;
  const id = path.slice(path.lastIndexOf(".") + 1).replace(/\[\d+\]$/, "");
  for (const name of [path, id]) if (Object.hasOwn(expected, name)) return expected[name];
  const isAnswer =
    kind === "inference" &&
    isJsonObject(value) &&
    Object.keys(expected).every((name) => Object.hasOwn(value, name));
  return isAnswer ? expected : undefined;
}

/** Right is what is as expected, and what no person has changed. */
function isRight(
  { started, status, output }: SeenRun,
  steps: readonly ObservedStep[],
  reviews: readonly ObservedReview[],
): boolean | null {
  const decisions = reviews.flatMap(({ decision }) => decision ?? []);
  const judged = steps.flatMap((step) => step.isRight ?? []);
  const words = [...judged, ...decisions.map((decision) => decision === "approve")];
  if (
    judged.length === 0 &&
    decisions.length === 0 &&
    status === "completed" &&
    started?.expected !== undefined
  )
    return isOutputRight(output, started.expected);
  return words.length === 0 ? null : words.every(Boolean);
}

function isOutputRight(output: Json, expected: Json): boolean {
  return isJsonObject(output) && isJsonObject(expected)
    ? membersAre(output, expected)
    : isSame(output, expected);
}

function membersAre(output: JsonObject, expected: JsonObject): boolean {
  return Object.entries(expected).every(([name, value]) => isSame(output[name] ?? null, value));
}

function isSame(value: Json, expected: Json | undefined): boolean {
  return expected !== undefined && canonicalJson(value) === canonicalJson(expected);
}

/** What a workflow comes to, over the runs that say something of it. */
export interface Figures {
  readonly runs: number;
  readonly costPerRun: Interval;
  readonly accuracy: Interval & { readonly n: number };
  readonly automated: Interval;
  readonly timeToResultP50: Interval;
  readonly reviewMinutesPerRun: number;
}

/** Accuracy of runs that no person saw, where there are any and `ofAutomated` does not say otherwise. */
export function figuresOf(
  observations: readonly Observation[],
  {
    ofAutomated = true,
    of = "figure",
    reviewMinutes = reviewMinutesDefault,
  }: { ofAutomated?: boolean; of?: Of; reviewMinutes?: number } = {},
): Figures {
  const ended = observations.filter(({ hasEnded }) => hasEnded);
  const automated = observations.filter(isAutomated);
  const judged = (ofAutomated && automated.length > 0 ? automated : observations).filter(
    ({ isRight }) => isRight !== null,
  );
  const right = judged.filter(({ isRight }) => isRight).length;
  const asked = observations.length - automated.length;
  return {
    runs: observations.length,
    costPerRun: meanInterval(
      ended.map(({ costUsd }) => costUsd),
      of,
    ),
    accuracy: { ...shareInterval(right, judged.length, of), n: judged.length },
    automated: shareInterval(automated.length, observations.length, of),
    timeToResultP50: medianInterval(
      ended.flatMap(({ tookMs }) => tookMs ?? []),
      of,
    ),
    reviewMinutesPerRun: observations.length === 0 ? 0 : (asked / observations.length) * reviewMinutes,
  };
}
