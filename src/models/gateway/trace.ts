import { type JsonObject, sha256, toJson } from "../../core/base/index.ts";
import { type Message, messageText } from "../prompts/index.ts";
import { tracedCharactersMax } from "./limits.ts";
import type { ModelCall, ModelReply } from "./model.ts";

/** Which version of a prompt asset was rendered, and which variant of it. */
export interface PromptVersion {
  readonly name: string;
  readonly digest: string;
  readonly variant: string;
  readonly reason: string;
}

interface Traced {
  readonly version?: PromptVersion | undefined;
  /** Absent when nobody answered. */
  readonly reply?: Pick<ModelReply, "trace" | "price" | "maxTokens">;
  /** Whether words are kept; otherwise their digests are. */
  readonly capture?: boolean;
}

/** What ran: the words that were sent, how they were asked, and what the policies did on the way. */
export function traceOf(call: ModelCall, { version, reply, capture = true }: Traced): JsonObject {
  const { messages, input, settings, tools, toolChoice } = call;
  const asked = messages.length > 0 ? { prompt: wordsOf(messages, capture) } : {};
  // What a local model reads instead of words is in no event of its own.
  const read = messages.length > 0 || !capture ? {} : { input: bounded(input) };
  const parameters = {
    ...settings,
    ...(reply?.maxTokens === undefined ? {} : { maxTokens: reply.maxTokens }),
    ...(tools ? { tools: tools.map(({ name }) => name) } : {}),
    ...(toolChoice ? { toolChoice } : {}),
  };
  const { route, attempts, cache, ...others } = reply?.trace ?? {};
  return {
    ...asked,
    ...read,
    parameters: toJson(parameters, "parameters"),
    ...(version ? { promptVersion: { ...version } } : {}),
    ...(reply?.price === undefined ? {} : { priceVersion: reply.price }),
    ...(route ? { route: { ...route } } : {}),
    ...(attempts === undefined ? {} : { attempts }),
    ...(cache ? { cache } : {}),
    ...others,
  };
}

function wordsOf(messages: readonly Message[], capture: boolean) {
  const characters = messages.reduce((sum, message) => sum + messageText(message).length, 0);
  if (!capture || characters > tracedCharactersMax) return messages.map(digested);
  return toJson(messages.map(withoutImages), "prompt");
}

function digested(message: Message) {
  const text = messageText(message);
  return { role: message.role, digest: sha256(text), characters: text.length };
}

/** An image that stands in the call itself would double the journal for bytes that nobody reads. */
function withoutImages(message: Message): Message {
  if (typeof message.content === "string") return message;
  const content = message.content.map((part) =>
    part.type === "image" && part.url.startsWith("data:")
      ? { ...part, url: `sha256:${sha256(part.url)}` }
      : part,
  );
  return { ...message, content };
}

function bounded(input: JsonObject): JsonObject {
  const text = JSON.stringify(input);
  return text.length > tracedCharactersMax ? { digest: sha256(text), characters: text.length } : input;
}
