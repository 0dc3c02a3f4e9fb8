import {
  assert,
  type Clock,
  type ErrorRecord,
  errorRecord,
  type Json,
  type JsonObject,
} from "../base/index.ts";
import {
  type EffectMode,
  parseTemplate,
  type Scope,
  type StepKind,
  type StepOutcome,
  type StepResult,
} from "../workflow/index.ts";
import { beginAttempt } from "./attempt.ts";
import type { RunStarted } from "./events.ts";
import type { Program } from "./program.ts";
import type { Release } from "./release.ts";
import { type ActiveStep, insteadOf, prepare, Run, toleratedTurn, turnToFallback } from "./run.ts";

// Rehearsal
// =========
// Walks a run's program in memory, and asks somebody else what each step comes to.
//
// Invariants
//   R1. Nothing is appended: facts that a step would have recorded are dropped.
//   R2. Time is a clock of its own. A step ends when it has become ready and its duration has passed; the
//       step that ends first is told first, and of two that end at once the one that became ready first. So the
//       same answers with the same durations give the same order and the same time, on any machine.
//   R3. A step is executed only when whoever answers asks for it, and then under an effect mode, with a guard
//       before each thing that it uses.

/** A step that a rehearsal has come to. */
export interface RehearsedStep {
  readonly path: string;
  readonly kind: StepKind;
  readonly config: JsonObject;
  /** What the config asks: with the values of the expressions that the kind evaluates itself. */
  readonly asked: JsonObject;
  /** As the journal has it. */
  readonly inputDigest: string;
  /** It is the fallback, or a person, after this error of the step itself. */
  readonly fallbackFor: ErrorRecord | null;
  /** Does it, once for each attempt that its retry policy allows. */
  execute(how: Execution): Promise<StepOutcome>;
}

export interface Execution {
  readonly effects: EffectMode;
  /** Wall-clock milliseconds that the step sees. */
  readonly now: number;
  /** Called with `scope/name` before the step uses something; throws what speaks against it. */
  readonly guard: (used: string) => void;
}

/** What a step comes to; one that takes forever lets every other end before it. */
export type Answer = { readonly tookMs: number; readonly costUsd: number } & (
  | { readonly result: StepResult }
  | { readonly error: ErrorRecord }
  | { readonly rejectedBy: string }
  /** The rehearsal cannot go on. */
  | { readonly stopped: string }
);

export interface RehearsalOptions {
  readonly run: { readonly id: string; readonly started: RunStarted; readonly startedAt: number };
  readonly release: Release;
  readonly program: Program;
  readonly clock: Clock;
  answer(step: RehearsedStep): Answer | Promise<Answer>;
}

export interface Rehearsed {
  /** `stopped`: a step could not be answered; `error` of a failed one says why it failed. */
  readonly status: "completed" | "failed" | "rejected" | "stopped";
  readonly output: Json;
  readonly error: ErrorRecord | null;
  readonly tookMs: number;
  readonly costUsd: number;
  /** The steps that were done or failed, in the order in which they ended. */
  readonly path: readonly string[];
}

export async function rehearse(options: RehearsalOptions): Promise<Rehearsed> {
  const rehearsal = new Rehearsal(options);
  try {
    return await rehearsal.walk();
  } finally {
    rehearsal.run.close();
  }
}

interface Pending {
  readonly step: ActiveStep;
  readonly answer: Answer;
  readonly endsAt: number;
}

type Ending = Pick<Rehearsed, "status" | "output" | "error">;

class Rehearsal {
  readonly run: Run;
  readonly #options: RehearsalOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #path: string[] = [];
  #now = 0;
  #costUsd = 0;

  constructor(options: RehearsalOptions) {
    this.#options = options;
    this.run = new Run({ ...options.run, release: options.release, program: options.program });
  }

  async walk(): Promise<Rehearsed> {
    await this.run.begin();
    for (;;) {
      const ending = this.#ending ?? (await this.#next());
      if (ending) return { ...ending, tookMs: this.#now, costUsd: this.#costUsd, path: this.#path };
    }
  }

  get #ending(): Ending | undefined {
    const { ended, stuck } = this.run;
    if (stuck) return { status: "stopped", output: null, error: stuck.error };
    if (!ended) return undefined;
    if ("output" in ended) return { status: "completed", output: ended.output, error: null };
    return { status: "failed", output: null, error: ended.error };
  }

  /** Asks for every step that has become ready, and tells the program of the one that ends first. */
  async #next(): Promise<Ending | undefined> {
    for (const step of this.run.active.values()) {
      const { path } = step.activation;
      if (this.#pending.get(path)?.step === step) continue;
      const answer = await this.#answerTo(step);
      this.#pending.set(path, { step, answer, endsAt: this.#now + answer.tookMs });
    }
    const first = this.#first();
    assert(first, "a program that has not ended has a step under way");
    this.#pending.delete(first.step.activation.path);
    if (Number.isFinite(first.endsAt)) this.#now = first.endsAt;
    this.#costUsd += first.answer.costUsd;
    return this.#tell(first);
  }

  #first(): Pending | undefined {
    let first: Pending | undefined;
    for (const step of this.run.active.values()) {
      const pending = this.#pending.get(step.activation.path);
      if (pending && (!first || pending.endsAt < first.endsAt)) first = pending;
    }
    return first;
  }

  async #tell({ step, answer }: Pending): Promise<Ending | undefined> {
    const { path } = step.activation;
    if ("stopped" in answer)
      return { status: "stopped", output: null, error: { code: "REPLAY_STOPPED", message: answer.stopped } };
    this.#path.push(path);
    if ("rejectedBy" in answer) return { status: "rejected", output: null, error: null };
    if ("result" in answer) {
      await this.run.settle(path, answer.result);
      return undefined;
    }
    const turn = await toleratedTurn(this.run, step, answer.error);
    if (!turn) return { status: "failed", output: null, error: answer.error };
    this.run.active.delete(path);
    this.run.apply(turn);
    return undefined;
  }

  /** Its fallback answers after it where it has failed and has one; both take their time and cost. */
  async #answerTo(step: ActiveStep, before = { tookMs: 0, costUsd: 0 }): Promise<Answer> {
    const own = await this.#ask(step);
    const answer = { ...own, tookMs: before.tookMs + own.tookMs, costUsd: before.costUsd + own.costUsd };
    if (!("error" in answer)) return answer;
    const instead = insteadOf(step, answer.error);
    if (!instead || instead === step.work) return answer;
    turnToFallback(step, instead, answer.error);
    return this.#answerTo(step, answer);
  }

  async #ask(step: ActiveStep): Promise<Answer> {
    try {
      const config = prepare(step);
      assert(step.work, "what has a config has work");
      const { kind } = step.work;
      const asked = askedOf(kind, config, step.activation.scope);
      return await this.#options.answer({
        path: step.activation.path,
        kind,
        config,
        asked,
        inputDigest: step.inputDigest,
        fallbackFor: step.failure,
        execute: (how) => this.#execute(step, how),
      });
    } catch (error) {
      return { error: errorRecord(error), tookMs: 0, costUsd: 0 };
    }
  }

  async #execute(step: ActiveStep, how: Execution): Promise<StepOutcome> {
    const attemptsMax = step.work?.retry.attempts ?? 1;
    for (;;)
      try {
        return await this.#attempt(step, how);
      } catch (error) {
        const { retry } = errorRecord(error);
        const mayRetry = retry !== undefined && step.work?.retry.on.includes(retry) === true;
        if (!mayRetry || step.attempts >= attemptsMax) throw error;
      }
  }

  #attempt(step: ActiveStep, { effects, now, guard }: Execution): Promise<StepOutcome> {
    const { clock, release } = this.#options;
    return new Promise((resolve, reject) => {
      beginAttempt(this.run, step, {
        clock: {
          now: () => now,
          monotonic: () => clock.monotonic(),
          after: (ms, call) => clock.after(ms, call),
        },
        effects,
        switches: { check: guard },
        // A service that had the call of the run itself must not take this one for the same.
        keyPrefix: `rehearsal/${release.digest.slice(0, 16)}/`,
        onOutcome: (_, outcome) => resolve(outcome),
        onError: (_, error) => reject(error),
      });
    });
  }
}

/** A config whose lazy fields have their values: two steps that ask the same have the same. */
function askedOf(kind: StepKind, config: JsonObject, scope: Scope): JsonObject {
  const lazy = Object.keys(kind.lazy ?? {}).filter((field) => config[field] !== undefined);
  if (lazy.length === 0) return config;
  return {
    ...config,
    ...Object.fromEntries(lazy.map((field) => [field, seen(config[field] ?? null, scope)])),
  };
}

/** An expression that cannot be evaluated here, such as one that sees a name of its kind's own, stands for itself. */
function seen(value: Json, scope: Scope): Json {
  if (typeof value === "string") {
    try {
      return parseTemplate(value).evaluate(scope);
    } catch {
      return value;
    }
  }
  if (Array.isArray(value)) return value.map((item) => seen(item, scope));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, seen(member, scope)]));
}
