import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type {
  JSONSchema7,
  LanguageModelV4GenerateResult,
  LanguageModelV4Prompt,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import type { Clock, JsonObject } from "../../../core/base/index.ts";
import { type Message, messageText } from "../../prompts/index.ts";
import { modelName, type OpenaiCompatibleContent } from "../content.ts";
import { ModelAnswerCut, ModelAnswerMalformed, ModelInputMissing, ModelSecretUnusable } from "../errors.ts";
import type { Model, ModelCall, Tokens } from "../model.ts";
import { envelopeOf } from "../output.ts";
import { boundedFetch } from "./bounded-fetch.ts";
import { providerError } from "./provider-error.ts";

export interface ProviderDeps {
  readonly clock: Clock;
  /** The value of a secret at this moment, or undefined. */
  readonly secrets: (name: string) => string | undefined;
  readonly fetch: typeof globalThis.fetch;
}

/**
 * Any server that speaks OpenAI's chat completions. One call is one request: nothing here tries again.
 * The key is looked up for each call, goes into the header and nowhere else.
 */
export function openaiCompatible(content: OpenaiCompatibleContent, deps: ProviderDeps): Model {
  const name = modelName(content);
  return async (call) => {
    if (call.messages.length === 0) throw new ModelInputMissing(name, "a prompt");
    const key = keyOf(content, deps.secrets);
    const provider = createOpenAICompatible({
      name: content.provider,
      baseURL: content.url,
      ...(key === undefined ? {} : { apiKey: key }),
      fetch: boundedFetch(deps.fetch, name),
      supportsStructuredOutputs: content.structuredOutputs,
    });
    try {
      const result = await provider.chatModel(content.model).doGenerate(optionsOf(call, content));
      return replyOf(result, content);
    } catch (error) {
      throw providerError(error, { model: name, secret: key, signal: call.signal, nowMs: deps.clock.now() });
    }
  };
}

function keyOf(content: OpenaiCompatibleContent, secrets: ProviderDeps["secrets"]): string | undefined {
  const { keySecret } = content;
  if (keySecret === undefined) return undefined;
  const value = secrets(keySecret)?.trim();
  if (!value)
    throw new ModelSecretUnusable(
      modelName(content),
      keySecret,
      "is not set (environment FLYBALL_SECRET_… or its plain name)",
    );
  if (!/^[\x21-\x7e]+$/.test(value))
    throw new ModelSecretUnusable(
      modelName(content),
      keySecret,
      "holds characters that cannot stand in a header",
    );
  return value;
}

function optionsOf(call: ModelCall, content: OpenaiCompatibleContent) {
  const { temperature, maxTokens, topP, seed, stop } = call.settings;
  const told = call.output && !content.structuredOutputs ? [inWords(call.output)] : [];
  return {
    prompt: promptOf([...told, ...call.messages]),
    abortSignal: call.signal,
    headers: { "Idempotency-Key": call.origin.key },
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined ? {} : { stopSequences: [...stop] }),
    ...(call.output === undefined ? {} : structured(call.output)),
  };
}

function structured(output: JsonObject) {
  const schema = envelopeOf(output);
  return {
    responseFormat: { type: "json" as const, name: "answer", schema: schema as JSONSchema7 },
    providerOptions: { openaiCompatible: { strictJsonSchema: isStrict(schema) } },
  };
}

/**
 * OpenAI decodes under a schema only where each object requires all its members and allows no others,
 * and refuses other schemas when asked to be strict. The answer is validated here in any case.
 */
function isStrict(schema: JsonObject): boolean {
  const properties = schema.properties;
  if (schema.type === "object") {
    const names = typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
    const required = Array.isArray(schema.required) ? schema.required : [];
    if (schema.additionalProperties !== false || !names.every((name) => required.includes(name)))
      return false;
  }
  return subschemas(schema).every(isStrict);
}

function subschemas(schema: JsonObject): JsonObject[] {
  const lists = [schema.anyOf, schema.prefixItems, schema.items].flat();
  const maps = [schema.properties, schema.$defs, schema.definitions].flatMap((map) =>
    Object.values(map ?? {}),
  );
  return [...lists, ...maps].filter((part): part is JsonObject => typeof part === "object" && part !== null);
}

function inWords(output: JsonObject): Message {
  const schema = JSON.stringify(envelopeOf(output));
  return {
    role: "system",
    content: `Answer with JSON alone, no other words, that fits this JSON Schema: ${schema}`,
  };
}

function promptOf(messages: readonly Message[]): LanguageModelV4Prompt {
  return messages.map((message) => {
    const text = messageText(message);
    if (message.role === "system") return { role: "system", content: text };
    return { role: message.role === "assistant" ? "assistant" : "user", content: [{ type: "text", text }] };
  });
}

function replyOf(result: LanguageModelV4GenerateResult, content: OpenaiCompatibleContent) {
  const name = modelName(content);
  const finish = result.finishReason.unified;
  if (finish === "length") throw new ModelAnswerCut(name, "length");
  if (finish === "content-filter") throw new ModelAnswerCut(name, "content_filter");
  const text = result.content.map((part) => (part.type === "text" ? part.text : "")).join("");
  if (text === "") throw new ModelAnswerMalformed(name, "it holds no text");
  return {
    value: text,
    confidence: null,
    evidence: null,
    top: null,
    tokens: tokensOf(result.usage),
    costUsd: null,
    provider: content.provider,
    model: content.model,
    simulated: false,
  };
}

/** The provider's totals, taken apart so that no token is counted twice. */
function tokensOf({ inputTokens, outputTokens }: LanguageModelV4Usage): Tokens | null {
  if (inputTokens.total === undefined || outputTokens.total === undefined) return null;
  const cached = Math.min(inputTokens.cacheRead ?? 0, inputTokens.total);
  const reasoning = Math.min(outputTokens.reasoning ?? 0, outputTokens.total);
  return { input: inputTokens.total - cached, cached, output: outputTokens.total - reasoning, reasoning };
}
