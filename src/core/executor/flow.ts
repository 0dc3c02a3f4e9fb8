import { z } from "zod";
import {
  assert,
  type ErrorRecord,
  errorRecord,
  FlyballError,
  type Json,
  type JsonObject,
  nextTurn,
  parseDuration,
  toJson,
} from "../base/index.ts";
import {
  defaultRetry,
  type Effect,
  type KindRegistry,
  noRetry,
  type OnUnknown,
  type RetryPolicy,
  type Scope,
  type StepContext,
  type StepKind,
  type StepResult,
} from "../workflow/index.ts";
import type { Activation, Ended, Program, Turn } from "./program.ts";

/** A workflow written as code. The same code must be registered for as long as runs of its version are open. */
export interface Flow {
  readonly name: string;
  readonly version: string;
  /** Assets that its calls name, as `prompt/NAME`, `route/NAME` …: pinned into each run's release. */
  readonly uses: readonly string[];
  readonly body: (context: FlowContext, input: Json) => Promise<unknown>;
}

export interface FlowStepOptions {
  readonly retry?: Partial<RetryPolicy>;
  /** Such as `30s`. */
  readonly timeout?: string;
  /** When it has failed for good: the run pauses (default), fails, or the code gets a `FlowStepFailed`. */
  readonly onFailure?: "pause" | "fail" | "throw";
  /** Takes the step back when the run does not complete; a step of which nothing is known has no result. */
  readonly undo?: (result: Json, context: StepContext) => unknown;
  readonly once?: boolean;
  readonly onUnknown?: Exclude<OnUnknown, "review">;
  /** What the code does to the world; `write` when absent. What only reads is done in a shadow too. */
  readonly effect?: Effect;
}

/**
 * What a flow may use. Everything that it learns from outside goes through here, each call with a key
 * of its own, so that the code can run again from the journal: the same keys, the same answers.
 */
export interface FlowContext {
  readonly runId: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Does a piece of work once, and records what it returns (plain data). */
  step<T>(key: string, work: (context: StepContext) => T | Promise<T>, options?: FlowStepOptions): Promise<T>;
  /** Does a step of any kind, as a document would: `call("intent", "inference", { … })`. */
  call(key: string, kind: string, config: JsonObject, options?: FlowStepOptions): Promise<StepResult>;
  sleep(key: string, duration: string): Promise<void>;
  /** The next signal of that name; one that came before counts. */
  receive(key: string, event: string): Promise<Json>;
  /** Wall-clock milliseconds, recorded. */
  now(key: string): Promise<number>;
  /** Chance in [0, 1), recorded. */
  random(key: string): Promise<number>;
}

export function flow(
  options: { name: string; version: string; uses?: readonly string[] },
  body: Flow["body"],
): Flow {
  return { name: options.name, version: options.version, uses: options.uses ?? [], body };
}

export function isFlow(value: unknown): value is Flow {
  return (
    typeof value === "object" &&
    value !== null &&
    "body" in value &&
    typeof value.body === "function" &&
    "version" in value
  );
}

export class FlowKeyReused extends FlyballError {
  readonly code = "FLOW_KEY_REUSED";
  constructor(key: string) {
    super(`The flow uses the key ${JSON.stringify(key)} twice; each call needs its own.`);
  }
}

export class FlowStepFailed extends FlyballError {
  readonly code = "FLOW_STEP_FAILED";
  readonly failure: ErrorRecord;
  constructor(key: string, failure: ErrorRecord) {
    super(`Step ${key} failed: ${failure.message}`);
    this.failure = failure;
  }
}

export class UnknownKind extends FlyballError {
  readonly code = "UNKNOWN_KIND";
  constructor(name: string) {
    super(`There is no step kind ${name}.`);
  }
}

interface Pending {
  readonly throws: boolean;
  readonly hasUndo: boolean;
  resolve(result: StepResult): void;
  reject(error: unknown): void;
}

const emptyScope: Scope = { get: () => undefined };

/** Runs a flow's code on the durable context: code asks, the executor answers in journal order. */
export class FlowProgram implements Program {
  readonly #flow: Flow;
  readonly #kinds: KindRegistry;
  readonly #input: Json;
  readonly #context: FlowContext;
  readonly #pending = new Map<string, Pending>();
  readonly #keys = new Set<string>();
  /** Of the steps that have an undo. */
  readonly #results = new Map<string, Json>();
  #ready: Activation[] = [];
  #ended: Ended | undefined;

  constructor(
    flowCode: Flow,
    kinds: KindRegistry,
    run: { id: string; input: Json; tags: Readonly<Record<string, string>> },
  ) {
    this.#flow = flowCode;
    this.#kinds = kinds;
    this.#input = run.input;
    this.#context = this.#contextFor(run.id, run.tags);
  }

  start(): Promise<Turn> {
    this.#run();
    return this.#turn();
  }

  settle(path: string, result: StepResult): Promise<Turn> {
    const { hasUndo, resolve } = this.#take(path);
    if (hasUndo) this.#results.set(path, result.value);
    resolve(result);
    return this.#turn();
  }

  fail(path: string, error: ErrorRecord): Promise<Turn> | undefined {
    const pending = this.#pending.get(path);
    if (!pending?.throws) return undefined;
    this.#pending.delete(path);
    pending.reject(new FlowStepFailed(path, error));
    return this.#turn();
  }

  /** Whether the code waits for the result of a step. */
  awaits(path: string): boolean {
    return this.#pending.has(path);
  }

  /** Whether the code itself takes the failure of a step. */
  throwsOn(path: string): boolean {
    return this.#pending.get(path)?.throws ?? false;
  }

  async #run(): Promise<void> {
    try {
      const output = await this.#flow.body(this.#context, this.#input);
      this.#ended = { output: toJson(output ?? null, "the flow's output") };
    } catch (error) {
      this.#ended = { path: null, error: errorRecord(error) };
    }
  }

  #take(path: string): Pending {
    const pending = this.#pending.get(path);
    assert(pending, `flow step ${path} is settled but nobody waits for it`);
    this.#pending.delete(path);
    return pending;
  }

  /** After one turn of the event loop the code has gone as far as it can with what it knows. */
  async #turn(): Promise<Turn> {
    await nextTurn();
    const ready = this.#ready;
    this.#ready = [];
    return { ready, skipped: [], abandoned: [], ...(this.#ended ? { ended: this.#ended } : {}) };
  }

  #ask(key: string, kind: StepKind, config: JsonObject, options: FlowStepOptions = {}): Promise<StepResult> {
    if (this.#keys.has(key)) return Promise.reject(new FlowKeyReused(key));
    this.#keys.add(key);
    const { undo, once, onUnknown = "pause" } = options;
    // Whoever asks for retries gets the defaults for what he does not say, as in a document.
    const retry = { ...(kind.callsOut || options.retry ? defaultRetry : noRetry), ...options.retry };
    this.#ready.push({
      path: key,
      work: {
        type: "kind",
        kind,
        config: () => config,
        retry,
        timeoutMs: options.timeout ? parseDuration(options.timeout) : null,
        ...(once ? { once: { onUnknown } } : {}),
      },
      onFailure: options.onFailure === "fail" ? "fail" : "pause",
      scope: emptyScope,
      config: () => config,
      ...(undo ? { undo: () => undoOf(key, undo, this.#results.get(key) ?? null) } : {}),
    });
    return new Promise((resolve, reject) => {
      this.#pending.set(key, {
        throws: options.onFailure === "throw",
        hasUndo: options.undo !== undefined,
        resolve,
        reject,
      });
    });
  }

  #contextFor(runId: string, tags: Readonly<Record<string, string>>): FlowContext {
    const value = async <T>(
      key: string,
      work: (context: StepContext) => unknown,
      options?: FlowStepOptions,
    ) => (await this.#ask(key, codeKind(recorded(work), options?.effect), { key }, options)).value as T;
    const call = (key: string, kind: string, config: JsonObject, options?: FlowStepOptions) => {
      const known = this.#kinds.get(kind);
      return known ? this.#ask(key, known, config, options) : Promise.reject(new UnknownKind(kind));
    };
    return {
      runId,
      tags,
      step: value,
      call,
      sleep: async (key, duration) => void (await call(key, "wait", { for: duration })),
      receive: async (key, event) => (await call(key, "wait", { event })).value,
      now: (key) => value(key, (context) => context.clock.now(), { effect: "none" }),
      random: (key) => value(key, (context) => context.random.next(), { effect: "none" }),
    };
  }
}

function undoOf(key: string, undo: NonNullable<FlowStepOptions["undo"]>, result: Json): Activation {
  const config = () => ({ key });
  const kind = codeKind(recorded((context) => undo(result, context)));
  return {
    path: `${key}.undo`,
    work: { type: "kind", kind, config, retry: defaultRetry, timeoutMs: null },
    onFailure: "fail",
    scope: emptyScope,
    config,
  };
}

/** What a piece of code returns, as the journal can hold it. */
function recorded(work: (context: StepContext) => unknown): (context: StepContext) => Promise<Json> {
  return async (context) => toJson((await work(context)) ?? null, context.path);
}

/**
 * A piece of users' code as a kind of step, so that the executor needs to know nothing else. In a shadow,
 * whose results are all marked, it is done only when it changes nothing in the world.
 */
export function codeKind(
  execute: (context: StepContext) => Promise<Json>,
  effect: Effect = "write",
): StepKind {
  const isSafe = effect === "none" || effect === "read";
  return {
    name: "code",
    summary: "A piece of a flow's own code.",
    config: z.object({ key: z.string() }),
    fields: [],
    callsOut: false,
    runsUserCode: true,
    effect: () => effect,
    async execute(_config, context) {
      if (context.effects !== "simulated") return { result: { value: await execute(context) } };
      return { result: { value: isSafe ? await execute(context) : null, simulated: true } };
    },
  };
}
