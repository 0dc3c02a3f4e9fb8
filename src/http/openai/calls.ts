import { derivedId, isJsonObject, type JsonObject } from "../../core/base/index.ts";
import { type RunRow, viewRun } from "../../core/executor/index.ts";
import type { Asset, AssetSource, StepResult } from "../../core/workflow/index.ts";
import type { Engine } from "../../engine.ts";
import { type CallParts, callVersion, ModelAnswerCut, type ModelDelta } from "../../models/gateway/index.ts";
import { IdempotencyKeyReused, refuseOther } from "../keyed.ts";
import { Turns } from "../turns.ts";
import { CallNotRestartable } from "./errors.ts";
import { keyAttemptsMax } from "./limits.ts";
import type { Answered } from "./present.ts";
import { pick, type Target } from "./target.ts";

/** The workflow that calls are runs of. */
const workflow = "openai";

/** A call was over before it was recorded: it has no steps that a new run could go on from. */
export function refuseCall({ id, workflow: of, version }: RunRow): void {
  if (of === workflow && version === callVersion) throw new CallNotRestartable(id);
}

export interface Call {
  /** The same key means something else elsewhere. */
  readonly surface: "chat" | "embeddings";
  readonly target: Target;
  /** What is asked, once it is known in which version the prompt is taken, if there is one. */
  readonly partsFor: (prompt: Asset | undefined) => CallParts;
  /** The request as it is recorded. */
  readonly input: JsonObject;
  readonly tags: Readonly<Record<string, string>>;
  /** `Idempotency-Key`. */
  readonly key: string | undefined;
  readonly hungUp: AbortController;
}

/** Whoever hears an answer as it comes. */
export interface Listener {
  /** Before the first words: which run this is. */
  opened(runId: string): void;
  delta(delta: ModelDelta): void;
}

/** A run to be, and the key that providers know it by. */
interface Fresh {
  readonly id: string;
  readonly key: string;
}

/**
 * Asks, and gives an answer again when the same `Idempotency-Key` asks again; while the first is under way,
 * whoever comes with its key waits. A failure is no answer: asking once more is how clients go on after
 * one. The provider gets the same key each time, so it may know that it had answered.
 */
export class KeyedCalls {
  readonly #engine: Engine;
  readonly #files: () => AssetSource;
  readonly #turns = new Turns();

  constructor(engine: Engine, files: () => AssetSource) {
    this.#engine = engine;
    this.#files = files;
  }

  async ask(call: Call, listener?: Listener): Promise<Answered> {
    if (call.key === undefined) {
      const id = this.#engine.newId();
      return this.#askFresh(call, { id, key: id }, listener);
    }
    const { key } = call;
    return this.#turns.take(`${call.surface}/${key}`, () => this.#askOnce(call, key, listener));
  }

  async #askOnce(call: Call, key: string, listener?: Listener): Promise<Answered> {
    for (let attempt = 1; attempt <= keyAttemptsMax; attempt++) {
      const id = derivedId("call", call.surface, key, String(attempt));
      if (!this.#engine.control.run(id))
        return this.#askFresh(call, { id, key: derivedId("call", call.surface, key) }, listener);
      const answered = await this.#recorded(id, call.input);
      if (answered) return answered;
    }
    throw new IdempotencyKeyReused(`it has failed ${keyAttemptsMax} times`);
  }

  /** Undefined when it failed, or when retention has taken what it said. */
  async #recorded(id: string, input: JsonObject): Promise<Answered | undefined> {
    const { started, status, steps } = viewRun(id, await this.#engine.journal.read(`run/${id}`));
    if (started) refuseOther(started.input, input);
    const result = steps[0]?.result;
    if (!started || status !== "completed" || !isStepResult(result)) return undefined;
    const { beganAt = 0, release } = started;
    return { runId: id, beganAt, release, result, cache: "replay" };
  }

  async #askFresh(call: Call, { id, key }: Fresh, listener?: Listener): Promise<Answered> {
    const { target, partsFor, input, tags, hungUp } = call;
    const sources = { registry: this.#engine.registry, files: this.#files() };
    const { asset, uses, prompt, arms } = await pick(sources, target, { id, workflow, input, tags });
    const parts = partsFor(prompt);
    listener?.opened(id);
    const nowMs = this.#engine.clock.now();
    try {
      const { reply, result, beganAt, release } = await this.#engine.calls.ask({
        id,
        workflow,
        target: asset,
        uses,
        prompt,
        arms,
        input,
        parts: listener ? { ...parts, onDelta: (delta) => listener.delta(delta) } : parts,
        tags,
        key,
        hungUp,
      });
      return { runId: id, beganAt, release, result, cache: reply.trace?.cache ?? "off" };
    } catch (error) {
      if (error instanceof ModelAnswerCut) return cutAnswer(error, id, nowMs);
      throw error;
    }
  }
}

/** Our runs take no answer without its end for one; OpenAI's callers are told why it ended, and have the rest. */
function cutAnswer({ model, reason, said }: ModelAnswerCut, runId: string, beganAt: number): Answered {
  const slash = model.indexOf("/");
  const result: StepResult = {
    value: said.text,
    provider: model.slice(0, slash),
    model: model.slice(slash + 1),
    tokens: said.tokens && { ...said.tokens },
  };
  return { runId, beganAt, release: null, result, cache: "off", cut: reason };
}

function isStepResult(result: JsonObject | null | undefined): result is StepResult {
  return isJsonObject(result) && result.value !== undefined;
}
