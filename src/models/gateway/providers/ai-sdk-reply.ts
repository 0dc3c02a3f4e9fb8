import type {
  EmbeddingModelV4Result,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import type { ToolCall } from "../../prompts/index.ts";
import { modelName, type RemoteContent } from "../content.ts";
import { ModelAnswerCut, ModelAnswerMalformed } from "../errors.ts";
import type { ModelDelta, ModelReply, Tokens } from "../model.ts";

/** What a provider said, to its end, whether it came at once or in pieces. */
export interface Said {
  readonly content: readonly LanguageModelV4Content[];
  readonly finishReason: LanguageModelV4FinishReason;
  readonly usage: LanguageModelV4Usage;
}

interface Ends {
  readonly content: RemoteContent;
  readonly inOwnWords: boolean;
}

export function replyOf(said: Said, ends: Ends): ModelReply {
  const name = modelName(ends.content);
  const tokens = tokensOf(said.usage);
  const text = said.content.map((part) => (part.type === "text" ? part.text : "")).join("");
  const unfinished = whyUnfinished(said.finishReason, ends, { text, tokens });
  if (unfinished) throw Object.assign(unfinished, { tokens });
  const toolCalls = said.content.flatMap(toolCallOf);
  if (text === "" && toolCalls.length === 0)
    throw Object.assign(new ModelAnswerMalformed(name, "it holds no text"), { tokens });
  return {
    ...blankReply(ends.content),
    value: text,
    tokens,
    ...(toolCalls.length > 0 ? { toolCalls } : {}),
  };
}

function blankReply({ provider, model }: RemoteContent) {
  return { confidence: null, evidence: null, top: null, costUsd: null, provider, model, simulated: false };
}

/** Only an answer that came to its own end is one. */
function whyUnfinished(
  { unified, raw }: LanguageModelV4FinishReason,
  { content, inOwnWords }: Ends,
  said: ModelAnswerCut["said"],
) {
  const name = modelName(content);
  if (unified === "stop" || unified === "tool-calls") return undefined;
  if (unified === "length") return new ModelAnswerCut(name, "length", said);
  if (unified === "content-filter") return new ModelAnswerCut(name, "content_filter", said);
  if (unified === "interrupted") return new ModelAnswerMalformed(name, "it ended before its end");
  if (unified === "other" && inOwnWords) return undefined;
  const reason = raw === undefined ? "it holds no answer" : `it ended for the reason ${JSON.stringify(raw)}`;
  return new ModelAnswerMalformed(name, reason);
}

function toolCallOf(part: LanguageModelV4Content): readonly ToolCall[] {
  if (part.type !== "tool-call") return [];
  return [{ id: part.toolCallId, name: part.toolName, arguments: part.input }];
}

/** The provider's totals, taken apart so that no token is counted twice. */
function tokensOf({ inputTokens, outputTokens }: LanguageModelV4Usage): Tokens | null {
  if (inputTokens.total === undefined || outputTokens.total === undefined) return null;
  const cached = Math.min(inputTokens.cacheRead ?? 0, inputTokens.total);
  const reasoning = Math.min(outputTokens.reasoning ?? 0, outputTokens.total);
  const cacheWrite = Math.min(inputTokens.cacheWrite ?? 0, inputTokens.total - cached);
  return {
    input: inputTokens.total - cached - cacheWrite,
    cached,
    ...(cacheWrite > 0 ? { cacheWrite } : {}),
    output: outputTokens.total - reasoning,
    reasoning,
  };
}

/**
 * Listens to a stream and says what comes, until the provider has said that it is done. An error on the
 * way ends it, also where the provider goes on: what comes after a hole is no answer.
 */
export async function wholeOfStream(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  say: (delta: ModelDelta) => void,
  model: string,
): Promise<Said> {
  const texts: string[] = [];
  const calls = new StreamedCalls(say);
  let finish: Extract<LanguageModelV4StreamPart, { type: "finish" }> | undefined;
  for await (const part of stream) {
    if (part.type === "error") throw part.error;
    if (part.type === "finish") finish = part;
    if (part.type === "text-delta" && part.delta !== "") {
      texts.push(part.delta);
      say({ type: "text", text: part.delta });
    }
    calls.hear(part);
  }
  // A provider that ends an answer says why; a connection that was closed in good order says nothing.
  if (finish?.finishReason.raw === undefined)
    throw new ModelAnswerMalformed(model, "it ended before its end");
  return {
    content: [{ type: "text", text: texts.join("") }, ...calls.whole],
    finishReason: finish.finishReason,
    usage: finish.usage,
  };
}

/** Tool calls as they come: announced with id and name, then their arguments, then once more as a whole. */
class StreamedCalls {
  readonly whole: Extract<LanguageModelV4Content, { type: "tool-call" }>[] = [];
  readonly #say: (delta: ModelDelta) => void;
  readonly #indexes = new Map<string, number>();
  constructor(say: (delta: ModelDelta) => void) {
    this.#say = say;
  }
  hear(part: LanguageModelV4StreamPart): void {
    if (part.type === "tool-input-start") this.#announce(part.id, part.toolName, "");
    if (part.type === "tool-input-delta") {
      const index = this.#indexes.get(part.id);
      if (index !== undefined && part.delta !== "")
        this.#say({ type: "tool_call", index, arguments: part.delta });
    }
    if (part.type === "tool-call") {
      this.whole.push(part);
      if (!this.#indexes.has(part.toolCallId)) this.#announce(part.toolCallId, part.toolName, part.input);
    }
  }
  #announce(id: string, name: string, written: string): void {
    const index = this.#indexes.size;
    this.#indexes.set(id, index);
    this.#say({ type: "tool_call", index, id, name, arguments: written });
  }
}

type Embedded = Pick<EmbeddingModelV4Result, "embeddings" | "usage"> & { readonly asked: number };

/** The vectors of all batches in the order of the texts. */
export function vectorsReply(results: readonly Embedded[], content: RemoteContent): ModelReply {
  const vectors = results.flatMap(({ embeddings }) => embeddings);
  const lengths = new Set(vectors.map((vector) => vector.length));
  if (results.some(({ asked, embeddings }) => embeddings.length !== asked))
    throw new ModelAnswerMalformed(modelName(content), "it has not one vector for each text");
  if (lengths.size > 1 || lengths.has(0))
    throw new ModelAnswerMalformed(modelName(content), "its vectors are not of one length");
  const isCounted = results.every(({ usage }) => usage !== undefined);
  const input = results.reduce((sum, { usage }) => sum + (usage?.tokens ?? 0), 0);
  return {
    ...blankReply(content),
    value: vectors,
    tokens: isCounted ? { input, cached: 0, output: 0, reasoning: 0 } : null,
  };
}
