import assert from "node:assert/strict";
import { canonicalJson, type Json, type RetryClass, sha256 } from "../../src/core/base/index.ts";
import type { History } from "./history.ts";
import {
  type Call,
  type Condition,
  correctedValue,
  indexOf,
  type Plan,
  type PlanStep,
  type Program,
  skipValue,
  type Trouble,
  type Value,
  type Work,
} from "./plan.ts";

// What must happen
// ================
// Walks a plan from top to bottom, once, as a reader would, and says what each step must come to and how
// the run may end. It knows nothing of time, crashes or the order of answers: programs are made so that
// these do not matter. Where they do all the same (which step of a kept item failed first, whether a crash
// left a `once` step in doubt), it follows the journal, and the check sees to it that this could be so.
//
// It predicts: the value of each step that is reached; which steps are skipped; which fail, with which
// code; the output; every way in which the run may end otherwise; the signals that it waits for; the
// children that it starts, with their input. What the engine does to get there is for `check.ts`.

export type Expected =
  | { readonly outcome: "completed"; readonly value: Json; readonly mayFail: string | null }
  | { readonly outcome: "skipped" }
  | { readonly outcome: "failed"; readonly code: string };

/** A way to end without completing. */
export interface End {
  readonly status: "failed" | "rejected" | "cancelled";
  readonly path: string | null;
  readonly code: string | null;
}

export interface Prediction {
  readonly steps: ReadonlyMap<string, Expected>;
  /** Beginnings of paths whose steps may be given up, because their item fails. */
  readonly abandoned: readonly string[];
  readonly ends: readonly End[];
  /** When nothing ends it before. */
  readonly output: Json;
  /** The events that it waits for and that come, one entry for each time. */
  readonly signals: readonly string[];
  readonly children: ReadonlyMap<string, { readonly plan: string; readonly input: Json }>;
}

export interface ModelOptions {
  readonly program: Program;
  readonly history: History;
  readonly run: string;
  readonly plan: Plan;
  readonly input: Json;
  /** The world has been mended: nothing that it is asked fails any more. */
  readonly isMended: boolean;
}

export function predict(options: ModelOptions): Prediction {
  return new Walk(options).prediction();
}

/** The value that the world answers with. */
export function answerOf(name: string, data: Json): string {
  return `${name}:${sha256(canonicalJson(data)).slice(0, 8)}`;
}

interface Result {
  readonly value: Json;
  readonly skipped: boolean;
}

interface Frame {
  readonly parent: Frame | null;
  readonly results: Map<string, Result>;
  readonly item?: Json;
  readonly index?: number;
}

/** Where a step stands: failures go to the kept item around it, or end the run. */
interface Place {
  readonly prefix: string;
  readonly frame: Frame;
  readonly keeper: Map<string, string> | null;
}

class Walk {
  readonly #options: ModelOptions;
  readonly #steps = new Map<string, Expected>();
  readonly #abandoned: string[] = [];
  readonly #ends: End[] = [];
  readonly #signals: string[] = [];
  readonly #children = new Map<string, { plan: string; input: Json }>();

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  prediction(): Prediction {
    const frame: Frame = { parent: null, results: new Map() };
    const { steps } = this.#options.plan;
    this.#block(steps, false, { prefix: "", frame, keeper: null });
    return {
      steps: this.#steps,
      abandoned: this.#abandoned,
      ends: this.#ends,
      output: lastValue(steps, frame),
      signals: this.#signals,
      children: this.#children,
    };
  }

  /** False when a step of it does not get to an end, so that the block does not either. */
  #block(steps: readonly PlanStep[], isParallel: boolean, place: Place): boolean {
    const { results } = place.frame;
    steps.forEach((step, index) => {
      const needs = isParallel
        ? []
        : (step.needs ?? steps.slice(Math.max(0, index - 1), index).map(({ id }) => id));
      if (!needs.every((id) => results.has(id))) return;
      const result = this.#step(step, place);
      if (result) results.set(step.id, result);
    });
    return steps.every(({ id }) => results.has(id));
  }

  #step(step: PlanStep, place: Place): Result | undefined {
    const path = place.prefix + step.id;
    if (step.if && !this.#holds(step.if, place.frame)) return this.#skip(path);
    const { work } = step;
    switch (work.type) {
      case "parallel":
        return this.#parallel(work, path, place);
      case "map":
        return this.#map(work, path, place);
      case "branch":
        return this.#branch(work, path, place);
      case "loop":
        return this.#loop(work, path, place);
      default:
        return this.#leaf(step, path, place);
    }
  }

  #skip(path: string): Result {
    this.#steps.set(path, { outcome: "skipped" });
    return { value: null, skipped: true };
  }

  #parallel(work: Extract<Work, { type: "parallel" }>, path: string, place: Place): Result | undefined {
    const frame: Frame = { parent: place.frame, results: new Map() };
    if (!this.#block(work.steps, true, { ...place, prefix: `${path}.`, frame })) return undefined;
    return done(Object.fromEntries(work.steps.map(({ id }) => [id, frame.results.get(id)?.value ?? null])));
  }

  #branch(work: Extract<Work, { type: "branch" }>, path: string, place: Place): Result | undefined {
    const arm = work.arms.find(({ when }) => !when || this.#holds(when, place.frame));
    if (!arm) return this.#skip(path);
    const frame: Frame = { parent: place.frame, results: new Map() };
    const isDone = this.#block(arm.steps, false, { ...place, prefix: `${path}.`, frame });
    return isDone ? done(lastValue(arm.steps, frame)) : undefined;
  }

  #loop(work: Extract<Work, { type: "loop" }>, path: string, place: Place): Result | undefined {
    for (let index = 0; ; index++) {
      const frame: Frame = { parent: place.frame, results: new Map(), index };
      if (!this.#block(work.steps, false, { ...place, prefix: `${path}[${index}].`, frame }))
        return undefined;
      const isEnough = index + 1 >= work.times || (work.until !== null && this.#holds(work.until, frame));
      if (isEnough) return done(lastValue(work.steps, frame));
    }
  }

  #map(work: Extract<Work, { type: "map" }>, path: string, place: Place): Result | undefined {
    const items = this.#value(work.over, place.frame);
    assert.ok(Array.isArray(items), "a plan maps over lists only");
    const values = items.map((item, index) => {
      const frame: Frame = { parent: place.frame, results: new Map(), item, index };
      const inner = { ...place, prefix: `${path}[${index}].`, frame };
      if (work.onItemError === "keep") return this.#keptItem(work.steps, inner);
      return this.#block(work.steps, false, inner) ? lastValue(work.steps, frame) : undefined;
    });
    return values.some((value) => value === undefined) ? undefined : done(values as Json[]);
  }

  /** Its value, or the error of the step that failed first, as the journal tells. */
  #keptItem(steps: readonly PlanStep[], place: Place): Json {
    const failures = new Map<string, string>();
    if (this.#block(steps, false, { ...place, keeper: failures })) return lastValue(steps, place.frame);
    this.#abandoned.push(place.prefix);
    const first = this.#options.history.firstFailure(this.#options.run, new Set(failures.keys()));
    return first ? { error: { code: first.error.code, message: first.error.message } } : "not known yet";
  }

  #leaf(step: PlanStep, path: string, place: Place): Result | undefined {
    const outcome = this.#outcome(step.work, path, place.frame);
    if ("value" in outcome) return this.#complete(path, outcome.value, null);
    if (outcome.status !== "failed") {
      this.#ends.push({ status: outcome.status, path, code: null });
      return undefined;
    }
    const { code } = outcome;
    const decides = code === unknown && step.work.type === "call" ? step.work.once : step.onFailure;
    if (place.keeper || decides === "fail") {
      this.#steps.set(path, { outcome: "failed", code });
      if (place.keeper) place.keeper.set(path, code);
      else this.#ends.push({ status: "failed", path, code });
      return undefined;
    }
    return this.#paused(step, path, place, code);
  }

  #complete(path: string, value: Json, mayFail: string | null): Result {
    this.#steps.set(path, { outcome: "completed", value, mayFail });
    return done(value);
  }

  /** The run pauses at this step; what then comes of it is up to the people of this program. */
  #paused(step: PlanStep, path: string, place: Place, code: string): Result | undefined {
    const { program, history, run } = this.#options;
    // A crash left it in doubt, and before anybody saw that it was done anew: the run was being resumed anyway.
    const isAnew = this.#isChance(step.work, path) && history.completion(run, path) === "done";
    switch (isAnew ? "repair" : program.pausePlan) {
      case "skip":
        return this.#complete(path, skipValue, code);
      case "cancel":
        this.#steps.set(path, { outcome: "failed", code });
        this.#ends.push({ status: "cancelled", path: null, code: null });
        return undefined;
      case "repair": {
        const isMended = program.pausePlan === "repair";
        const mended = this.#outcome(step.work, path, place.frame, { isMended, isResumed: true });
        if ("value" in mended) return this.#complete(path, mended.value, code);
        // Its last child was left in doubt, and the run came to another end before that was asked about.
        assert.ok(this.#isChance(step.work, path), `${path} goes through once the world is mended`);
        this.#steps.set(path, { outcome: "failed", code });
        return undefined;
      }
    }
  }

  #outcome(
    work: Work,
    path: string,
    frame: Frame,
    { isMended = this.#options.isMended, isResumed = false } = {},
  ): Outcome {
    switch (work.type) {
      case "call": {
        const { history, run } = this.#options;
        if (work.once && !isResumed && history.wasInDoubt(run, path))
          return { status: "failed", code: unknown };
        return callOutcome(work, path, isMended, (value) => this.#value(value, frame));
      }
      case "value":
        return { value: this.#value(work.value, frame) };
      case "receive":
        if (work.isSent) this.#signals.push(work.event);
        if (work.isSent) return { value: signalData(work.event) };
        return work.onTimeout === "continue" ? { value: null } : { status: "failed", code: "WAIT_EXPIRED" };
      case "ask":
        return askOutcome(work, this.#value(work.draft, frame));
      case "child":
        return this.#child(work, path, this.#value(work.input, frame), { isMended, isResumed });
      default:
        return { value: null };
    }
  }

  /** Whether it failed by chance: in doubt after a crash, or a child that was. */
  #isChance(work: Work, path: string): boolean {
    const { history, run } = this.#options;
    if (work.type === "call") return work.once !== null && history.wasInDoubt(run, path);
    if (work.type !== "child") return false;
    const children = history.childrenOf(run, path);
    return children.length > 1 || children.some((child) => history.hasDoubt(child.id));
  }

  #child(
    work: Extract<Work, { type: "child" }>,
    path: string,
    input: Json,
    { isMended, isResumed }: { readonly isMended: boolean; readonly isResumed: boolean },
  ): Outcome {
    this.#children.set(path, { plan: work.plan, input });
    const { program, history, run } = this.#options;
    const plan = program.plans.get(work.plan);
    assert.ok(plan, `${work.plan} is a plan of the program`);
    const children = history.childrenOf(run, path);
    // Another one is started only after the one before has failed.
    if (children.length > 1 && !isResumed) return { status: "failed", code: "CHILD_FAILED" };
    const child = children.at(-1)?.id ?? "";
    const { ends, output } = predict({ program, history, run: child, plan, input, isMended });
    return ends.length === 0 ? { value: output } : { status: "failed", code: "CHILD_FAILED" };
  }

  #value(value: Value, frame: Frame): Json {
    switch (value.type) {
      case "constant":
        return value.value;
      case "input":
        return this.#options.input;
      case "list":
        return value.values.map((each) => this.#value(each, frame));
      case "step":
        return resultOf(value.id, frame).value;
      default: {
        const name = value.type;
        const holder = frameWith(frame, (each) => each[name] !== undefined);
        return holder?.[name] ?? null;
      }
    }
  }

  #holds(condition: Condition, frame: Frame): boolean {
    switch (condition.type) {
      case "always":
        return condition.holds;
      case "indexFrom":
        return Number(this.#value({ type: "index" }, frame)) >= condition.least;
      case "skipped":
        return resultOf(condition.id, frame).skipped;
    }
  }
}

type Outcome =
  | { readonly value: Json }
  | { readonly status: "failed"; readonly code: string }
  | { readonly status: "rejected" };

/** The data of every signal of one name is the same, so that it does not matter which one came first. */
export function signalData(event: string): string {
  return `data of ${event}`;
}

function callOutcome(call: Call, path: string, isMended: boolean, value: (value: Value) => Json): Outcome {
  const code = isMended ? null : failureOf(call, path);
  if (code === null) return { value: answerOf(call.name, value(call.with)) };
  if (!call.fallback) return { status: "failed", code };
  if (call.fallback.fails) return { status: "failed", code: "OUTAGE" };
  return { value: answerOf(call.fallback.name, value(call.fallback.with)) };
}

/** The code of the error that the last attempt ends with; null when one attempt ends well. */
export function failureOf(call: Call, path: string): string | null {
  if (!meetsTrouble(call, path)) return null;
  for (let attempt = 1; ; attempt++) {
    const trouble = call.troubles[attempt - 1];
    if (!trouble) return null;
    if (call.once && leavesDoubt(trouble)) return unknown;
    const isRetried = attempt < call.attempts && call.retryOn.some((each) => each === retryClassOf(trouble));
    if (!isRetried) return trouble === "hang" ? "STEP_TIMED_OUT" : "OUTAGE";
  }
}

export const unknown = "OUTCOME_UNKNOWN";

/** Whoever was turned away knows that nothing was done; anything else may have been done all the same. */
export function leavesDoubt(trouble: Trouble): boolean {
  return trouble === "server" || trouble === "network" || trouble === "hang";
}

/** The class of errors that a trouble shows as. */
export function retryClassOf(trouble: Trouble): RetryClass | null {
  const classes = {
    server: "server",
    network: "network",
    limited: "rate_limit",
    hang: "timeout",
    refused: null,
  } as const;
  return classes[trouble];
}

export function meetsTrouble(call: Call, path: string): boolean {
  return call.troubledAt === null || call.troubledAt === indexOf(path);
}

function askOutcome(work: Extract<Work, { type: "ask" }>, draft: Json): Outcome {
  if (!work.isAnswered) {
    if (work.onTimeout === "reject") return { status: "rejected" };
    return { status: "failed", code: "REVIEW_EXPIRED" };
  }
  if (work.decision === "approve") return { value: draft };
  if (work.decision === "correct") return { value: correctedValue };
  return work.onReject === "end" ? { status: "rejected" } : { value: null };
}

function done(value: Json): Result {
  return { value, skipped: false };
}

function lastValue(steps: readonly PlanStep[], frame: Frame): Json {
  const results = steps.map(({ id }) => frame.results.get(id));
  return results.findLast((result) => result && !result.skipped)?.value ?? null;
}

function frameWith(frame: Frame | null, has: (frame: Frame) => boolean): Frame | undefined {
  for (let at = frame; at; at = at.parent) if (has(at)) return at;
  return undefined;
}

function resultOf(id: string, frame: Frame): Result {
  const result = frameWith(frame, ({ results }) => results.has(id))?.results.get(id);
  assert.ok(result, `${id} is done before it is used`);
  return result;
}
