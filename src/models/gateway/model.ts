import type { Json, JsonObject } from "../../core/base/index.ts";
import type { CachePolicy, EffectMode, Fact } from "../../core/workflow/index.ts";
import type { CallSettings, Message, ToolCall, ToolSpec } from "../prompts/index.ts";

/** All a provider must be. Routing, fallback, deadline and price wrap it; they never live in it. */
export type Model = (call: ModelCall) => Promise<ModelReply>;
export type Policy = (next: Model) => Model;

export interface ModelCall {
  /** The rendered prompt; may be empty for local models, which read `input`. */
  readonly messages: readonly Message[];
  /** The step's input as it is, for models that need no words around it. */
  readonly input: JsonObject;
  /** Texts to be turned into vectors, instead of messages to answer: the value is a vector for each. */
  readonly embed?: readonly string[];
  /** What the model may ask for instead of answering. */
  readonly tools?: readonly ToolSpec[];
  readonly toolChoice?: "auto" | "none" | "required" | { readonly name: string };
  /** The JSON Schema that the answer must fit. */
  readonly output: JsonObject | undefined;
  readonly settings: CallSettings;
  readonly origin: CallOrigin;
  /** Whom the cost is counted to, beside the run: the workflow and the run's tags. */
  readonly workflow: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The known right answer of the step: for simulated models only. */
  readonly expected: Json | undefined;
  readonly effects: EffectMode;
  /** False: nothing of the words may be kept anywhere, such as in a cache. Absent: they may be. */
  readonly capture?: boolean;
  /** Says that this model is about to be asked; throws when it is switched off. */
  readonly use: (model: string) => void;
  /** Dollars that the run may spend in all; absent: as much as it takes. */
  readonly budgetUsd?: number;
  /** Budgets that have given the call to another model: they count it, and refuse it no more. */
  readonly downgradedBy?: readonly string[];
  /** Hears of each request that cost something, also of one that failed. */
  readonly onCost?: (usd: number) => void;
  readonly signal: AbortSignal;
  /** When the call is over, on the monotonic clock: nobody waits for what would come later. */
  readonly endsAtMs?: number;
  /** The gateway tries again by itself, until the call is over. Steps leave that to the executor, which does it durably. */
  readonly retry?: true;
  /** How long at a time the caller has patience all the same, where a provider asks for it. */
  readonly patienceMs?: number;
  /** Another model is asked when this one fails: nobody waits for it, or tries it again. */
  readonly hasAlternative?: true;
  /** An answer that is not older may be given again, in place of what the route says. */
  readonly cache?: CachePolicy;
  /** Told of each request that leaves for a provider. */
  readonly onRequest?: () => void;
  /**
   * Hears the answer as it comes, in order; the reply is the whole of it all the same. Once something was
   * said, the call is neither tried again nor given to another model: the listener has heard it already.
   */
  readonly onDelta?: (delta: ModelDelta) => void;
}

export type ModelDelta =
  | { readonly type: "text"; readonly text: string }
  /** The next piece of a tool call: id and name come with its first one. */
  | {
      readonly type: "tool_call";
      readonly index: number;
      readonly id?: string;
      readonly name?: string;
      readonly arguments: string;
    };

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
  /** The version of the price that was used. */
  readonly price?: string;
  /** The bound of the answer that a budget needed, in the place of what the call asked for. */
  readonly maxTokens?: number;
  readonly provider: string;
  readonly model: string;
  readonly simulated: boolean;
  /** What the model asks for; then `value` is what it said beside, perhaps "". */
  readonly toolCalls?: readonly ToolCall[];
  /** What the policies did on the way. */
  readonly trace?: CallTrace;
  /** Events that must be on disk together with the answer, such as what it has cost a budget. */
  readonly facts?: readonly Fact[];
}

/** How an answer came about: for people who ask what ran. */
export interface CallTrace {
  /** Requests that left for a provider, of all candidates. */
  readonly attempts: number;
  readonly cache: "hit" | "miss" | "off";
  /** On a hit: the run that the answer was made for, and its age. */
  readonly cachedFrom?: { readonly runId: string; readonly path: string; readonly ageMs: number };
  readonly route: { readonly chosen: string; readonly reason: string };
}

/** Disjoint parts: their sum is what was read and written. */
export interface Tokens {
  /** Read afresh. */
  readonly input: number;
  /** Read from the provider's cache. */
  readonly cached: number;
  /** Read afresh, and kept in the provider's cache at a price of its own. */
  readonly cacheWrite?: number;
  /** Written as the answer. */
  readonly output: number;
  /** Written on the way to it. */
  readonly reasoning: number;
}

/** The first policy sees the call first; the last one stands next to the provider. */
export function withPolicies(provider: Model, ...policies: readonly Policy[]): Model {
  return policies.reduceRight((next, policy) => policy(next), provider);
}
