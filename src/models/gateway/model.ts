import type { Json, JsonObject } from "../../core/base/index.ts";
import type { EffectMode } from "../../core/workflow/index.ts";
import type { CallSettings, Message } from "../prompts/index.ts";

/** All a provider must be. Routing, fallback, deadline and price wrap it; they never live in it. */
export type Model = (call: ModelCall) => Promise<ModelReply>;
export type Policy = (next: Model) => Model;

export interface ModelCall {
  /** The rendered prompt; may be empty for local models, which read `input`. */
  readonly messages: readonly Message[];
  /** The step's input as it is, for models that need no words around it. */
  readonly input: JsonObject;
  /** The JSON Schema that the answer must fit. */
  readonly output: JsonObject | undefined;
  readonly settings: CallSettings;
  readonly origin: CallOrigin;
  /** The known right answer of the step: for simulated models only. */
  readonly expected: Json | undefined;
  readonly effects: EffectMode;
  /** Says that this model is about to be asked; throws when it is switched off. */
  readonly use: (model: string) => void;
  readonly signal: AbortSignal;
}

export interface CallOrigin {
  readonly runId: string;
  readonly path: string;
  readonly attempt: number;
  /** Sent as `Idempotency-Key`. */
  readonly key: string;
}

export interface ModelReply {
  readonly value: Json;
  /** Probability that the value is right, where the model can tell. */
  readonly confidence: number | null;
  /** What the answer rests on: sentences of the sources, words of the text. */
  readonly evidence: Json;
  /** The likeliest answers with their probabilities, where the model chooses among known ones. */
  readonly top: Json;
  /** Null when the provider did not say. */
  readonly tokens: Tokens | null;
  /** US dollars; null when the model has no price or the tokens are not known. */
  readonly costUsd: number | null;
  readonly provider: string;
  readonly model: string;
  readonly simulated: boolean;
}

/** Disjoint parts: their sum is what was read and written. */
export interface Tokens {
  /** Read afresh. */
  readonly input: number;
  /** Read from the provider's cache. */
  readonly cached: number;
  /** Written as the answer. */
  readonly output: number;
  /** Written on the way to it. */
  readonly reasoning: number;
}

/** The first policy sees the call first; the last one stands next to the provider. */
export function withPolicies(provider: Model, ...policies: readonly Policy[]): Model {
  return policies.reduceRight((next, policy) => policy(next), provider);
}
