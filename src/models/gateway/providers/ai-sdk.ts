import type {
  EmbeddingModelV4,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import type { Clock } from "../../../core/base/index.ts";
import { modelName, type RemoteContent } from "../content.ts";
import { ModelInputMissing, ModelLacksAbility } from "../errors.ts";
import type { Model, ModelCall, ModelReply } from "../model.ts";
import { callOptions } from "./ai-sdk-options.ts";
import { replyOf, vectorsReply, wholeOfStream } from "./ai-sdk-reply.ts";
import { batchesOf } from "./embed-batches.ts";
import { keyOf } from "./key.ts";
import { providerError } from "./provider-error.ts";

// What all providers behind a package of the AI SDK share. A provider itself is a `Dialect`: how it is
// reached, and the few words that it has of its own.

export interface ProviderDeps {
  readonly clock: Clock;
  /** The value of a secret at this moment, or undefined. */
  readonly secrets: (name: string) => string | undefined;
  /** Reaches providers; told the model, for the errors that it finds. */
  readonly fetch: (model: string) => typeof globalThis.fetch;
}

export interface Dialect {
  /** Loads the provider's package, at the first call: together they take longer than the engine's start. */
  connect(to: Address): Promise<Connection>;
  /** Options of its own for every call. With a schema: whether to decode under it, or only to try. */
  options?(isStrict: boolean | undefined): SharedV4ProviderOptions;
  /** It fetches images from any http(s) URL, without saying so in its package. */
  readonly fetchesImages?: boolean;
  /** Its servers end answers for reasons in words of their own, which are as good as `stop`. */
  readonly endsInOwnWords?: boolean;
}

export interface Address {
  readonly model: string;
  /** The provider's name in the settings. */
  readonly provider: string;
  readonly url: string;
  readonly key: string | undefined;
  readonly fetch: typeof globalThis.fetch;
  /** Whether the server holds answers to a schema. */
  readonly structuredOutputs: boolean;
}

/** What a model answers through. */
export interface Connection {
  readonly chat: LanguageModelV4;
  readonly embedding?: EmbeddingModelV4;
}

/**
 * One call is one request, or one for each batch of texts: nothing here tries again. The key is looked up
 * for each call, goes into the header and nowhere else.
 */
export function aiSdkModel(content: RemoteContent, dialect: Dialect, deps: ProviderDeps): Model {
  const name = modelName(content);
  const connectionFor = connector(content, dialect, deps);
  return async (call) => {
    if (call.messages.length === 0 && !call.embed) throw new ModelInputMissing(name, "a prompt");
    const key = keyOf(content, deps.secrets);
    try {
      const connection = await connectionFor(key);
      if (call.embed) return await embed(call, call.embed, content, connection);
      return await chat(call, content, { dialect, model: connection.chat });
    } catch (error) {
      throw providerError(error, { model: name, secret: key, signal: call.signal, nowMs: deps.clock.now() });
    }
  };
}

/** The connection of the last key is kept: to make one anew takes as long as the rest of a call. */
function connector(content: RemoteContent, dialect: Dialect, { fetch }: ProviderDeps) {
  const { provider, url, model } = content;
  let last: { readonly key: string | undefined; readonly connection: Connection } | undefined;
  return async (key: string | undefined): Promise<Connection> => {
    if (last && last.key === key) return last.connection;
    const connection = await dialect.connect({
      provider,
      url,
      model,
      key,
      fetch: fetch(modelName(content)),
      structuredOutputs: holdsToSchemas(content),
    });
    last = { key, connection };
    return connection;
  };
}

async function chat(
  call: ModelCall,
  content: RemoteContent,
  { dialect, model }: { dialect: Dialect; model: LanguageModelV4 },
): Promise<ModelReply> {
  const options: LanguageModelV4CallOptions = callOptions(call, {
    model: modelName(content),
    imageUrls: dialect.fetchesImages ? "all" : await model.supportedUrls,
    inWords: !holdsToSchemas(content),
    ...(dialect.options ? { options: dialect.options } : {}),
  });
  const ends = { content, inOwnWords: dialect.endsInOwnWords === true };
  if (!call.onDelta) return replyOf(await model.doGenerate(options), ends);
  const { stream } = await model.doStream(options);
  return replyOf(await wholeOfStream(stream, call.onDelta, modelName(content)), ends);
}

/** One request after the other, so that a long list does not run into the provider's limit of rate. */
async function embed(
  call: ModelCall,
  texts: readonly string[],
  content: RemoteContent,
  connection: Connection,
): Promise<ModelReply> {
  const model = connection.embedding;
  if (!model) throw new ModelLacksAbility(modelName(content), "the provider has no embeddings");
  const results = [];
  for (const [index, values] of batchesOf(texts, await model.maxEmbeddingsPerCall).entries()) {
    const headers = { "Idempotency-Key": index === 0 ? call.origin.key : `${call.origin.key}/${index}` };
    const result = await model.doEmbed({ values: [...values], abortSignal: call.signal, headers });
    results.push({ ...result, asked: values.length });
  }
  return vectorsReply(results, content);
}

function holdsToSchemas(content: RemoteContent): boolean {
  return content.type === "openai-compatible" ? content.structuredOutputs : true;
}
