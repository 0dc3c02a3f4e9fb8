import { LRUCache } from "lru-cache";
import { type Clock, canonicalJson, type JsonObject, sha256, toJson } from "../../core/base/index.ts";
import type { CachePolicy } from "../../core/workflow/index.ts";
import { answerBytesKeptMax, answersInMemoryBytesMax, answersInMemoryMax } from "./limits.ts";
import type { ModelCall, ModelReply } from "./model.ts";
import { noTokens } from "./price.ts";

/** An answer that may be given again. */
export interface KeptAnswer {
  /** Which models it could have come from: an exact answer must have the same. */
  readonly models: string;
  readonly runId: string;
  readonly path: string;
  /** Wall-clock milliseconds. */
  readonly at: number;
  readonly reply: JsonObject;
}

/** Keeps answers beyond the process; bounded, the oldest go first. */
export interface AnswerStore {
  get(key: string): KeptAnswer | undefined;
  put(key: string, answer: KeptAnswer): void;
}

/** A question as it is asked of a route: who may see its answer, and which models may give it. */
export interface Question {
  readonly key: string;
  readonly models: string;
}

/** The answers of one engine: the latest in memory, all of them in the store. */
export class Answers {
  readonly #clock: Clock;
  readonly #store: AnswerStore | undefined;
  readonly #memory = new LRUCache<string, KeptAnswer>({
    max: answersInMemoryMax,
    maxSize: answersInMemoryBytesMax,
    maxEntrySize: answerBytesKeptMax,
    sizeCalculation: ({ reply }) => JSON.stringify(reply).length + 200,
  });

  constructor(clock: Clock, store: AnswerStore | undefined) {
    this.#clock = clock;
    this.#store = store;
  }

  /** An answer that is not older; of the very same models where `exactly` says so. */
  find(
    { key, models }: Question,
    { forMs, exactly }: { forMs: number; exactly: boolean },
  ): ModelReply | undefined {
    const answer = this.#memory.get(key) ?? this.#store?.get(key);
    if (!answer) return undefined;
    this.#memory.set(key, answer);
    const ageMs = Math.max(0, this.#clock.now() - answer.at);
    if (ageMs > forMs || (exactly && answer.models !== models)) return undefined;
    // The reply was made of one, so it is one.
    const reply = answer.reply as unknown as ModelReply;
    const { runId, path } = answer;
    return {
      ...reply,
      costUsd: 0,
      tokens: noTokens,
      trace: {
        attempts: 0,
        cache: "hit",
        cachedFrom: { runId, path, ageMs },
        route: {
          chosen: `${reply.provider}/${reply.model}`,
          reason: `an answer of ${Math.round(ageMs / 1_000)} s ago`,
        },
      },
    };
  }

  keep({ key, models }: Question, { runId, path }: ModelCall["origin"], reply: ModelReply): void {
    const { facts, trace, ...answer } = reply;
    const json = toJson(answer, "a model's answer") as JsonObject;
    if (JSON.stringify(json).length > answerBytesKeptMax) return;
    const kept = { models, runId, path, at: this.#clock.now(), reply: json };
    this.#memory.set(key, kept);
    this.#store?.put(key, kept);
  }
}

/**
 * The digest of all that an answer depends on, and of the tenant: no tenant sees what another one asked,
 * unless the answers are declared to be shared. What only a simulated model sees is no part of it.
 */
export function questionOf(
  { route, models }: { route: string; models: string },
  call: ModelCall,
  { share }: Pick<CachePolicy, "share">,
): Question {
  const { messages, input, embed, tools, toolChoice, output, settings, tags } = call;
  const asked = { route, messages, input, embed, tools, toolChoice, output, settings };
  const tenant = share ? null : (tags.tenant ?? null);
  return { key: sha256(canonicalJson(toJson({ ...asked, tenant }, "a call"))), models };
}
