import { canonicalJson, isJsonObject, type Json, type JsonObject, sha256 } from "../../core/base/index.ts";
import { isFinal, type RunView, type StepView } from "../../core/executor/index.ts";
import { reviewMinutesGuess } from "./limits.ts";
import { type Interval, meanInterval, medianInterval, shareInterval } from "./statistics.ts";

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

/** A run as its record tells it. Pure. */
export function observationOf(view: RunView, reasons: ReviewReasons): Observation {
  const tenant = view.started?.tags?.tenant ?? null;
  const steps = view.steps.filter(({ status }) => status === "completed").map((step) => stepOf(step, tenant));
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

function stepOf(step: StepView, tenant: string | null): ObservedStep {
  const { path, kind, result, trace, startedAt, endedAt } = step;
  const asked = kind === "inference" ? (trace?.prompt ?? trace?.input ?? null) : null;
  const parameters = trace?.parameters ?? null;
  return {
    path,
    kind: kind ?? "",
    value: result?.value ?? null,
    confidence: typeof result?.confidence === "number" ? result.confidence : null,
    costUsd: typeof result?.cost === "number" ? result.cost : 0,
    tookMs: (endedAt ?? 0) - (startedAt ?? endedAt ?? 0),
    question: asked === null ? null : sha256(canonicalJson({ path, asked, parameters, tenant })),
    isAsked: trace?.cache !== "hit",
  };
}

function reviewOf(view: RunView, { path, result, status }: StepView, reasons: ReviewReasons): ObservedReview {
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

/** What is expected is the word that counts; where there is none, what people made of the drafts. */
function isRight(
  { started, status, output }: RunView,
  steps: readonly ObservedStep[],
  reviews: readonly ObservedReview[],
): boolean | null {
  if (started?.expected !== undefined)
    return isAsExpected(started.expected, steps, status === "completed" ? output : undefined);
  const decisions = reviews.flatMap(({ decision }) => decision ?? []);
  return decisions.length === 0 ? null : decisions.every((decision) => decision === "approve");
}

/** An object names steps, or the members of the output; anything else is the answer of every model that was asked. */
function isAsExpected(
  expected: Json,
  steps: readonly ObservedStep[],
  output: Json | undefined,
): boolean | null {
  const inferences = steps.filter(({ kind }) => kind === "inference");
  if (!isJsonObject(expected))
    return inferences.length === 0
      ? same(output, expected)
      : inferences.every(({ value }) => isSame(value, expected));
  const named = steps.filter((step) => expectedOf(expected, step.path) !== undefined);
  if (named.length > 0) return named.every(({ path, value }) => isSame(value, expectedOf(expected, path)));
  const answer = inferences.findLast(({ value }) => isJsonObject(value));
  if (answer) return isSame(answer.value, expected);
  return isJsonObject(output) ? membersAre(output, expected) : same(output, expected);
}

function expectedOf(expected: JsonObject, path: string): Json | undefined {
  const id = path.slice(path.lastIndexOf(".") + 1).replace(/\[\d+\]$/, "");
  for (const name of [path, id]) if (Object.hasOwn(expected, name)) return expected[name];
  return undefined;
}

function membersAre(output: JsonObject, expected: JsonObject): boolean {
  return Object.entries(expected).every(([name, value]) => isSame(output[name] ?? null, value));
}

function same(value: Json | undefined, expected: Json): boolean | null {
  return value === undefined ? null : isSame(value, expected);
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

/** Of all answers; `ofAutomated` counts only runs that no person saw. */
export function figuresOf(
  observations: readonly Observation[],
  { ofAutomated = true }: { ofAutomated?: boolean } = {},
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
    costPerRun: meanInterval(ended.map(({ costUsd }) => costUsd)),
    accuracy: { ...shareInterval(right, judged.length), n: judged.length },
    automated: shareInterval(automated.length, observations.length),
    timeToResultP50: medianInterval(ended.flatMap(({ tookMs }) => tookMs ?? [])),
    reviewMinutesPerRun: observations.length === 0 ? 0 : (asked / observations.length) * reviewMinutesGuess,
  };
}
