import type { LanguageModelV4FinishReason, LanguageModelV4Usage } from "@ai-sdk/provider";
import { isJsonObject, type Json, type JsonObject } from "../../../core/base/index.ts";
import { type Message, messageText } from "../../prompts/index.ts";
import { modelName, type OpenaiCompatibleContent } from "../content.ts";
import { type ModelAnswerMalformed, ModelInputMissing } from "../errors.ts";
import type { Model, ModelCall } from "../model.ts";
import { envelopeOf } from "../output.ts";
import type { ProviderDeps } from "./ai-sdk.ts";
import { inWords, isStrict } from "./ai-sdk-options.ts";
import { replyOf, type Said } from "./ai-sdk-reply.ts";
import { type Connections, listenTo, type Sent, wholeOf } from "./connections.ts";
import { EventReader } from "./event-reader.ts";
import { headersIn } from "./kept-alive-fetch.ts";
import { keyOf } from "./key.ts";
import { type CallFacts, errorInBody, malformed, providerError, statusError } from "./provider-error.ts";

// Words in, words out, by OpenAI's chat completions: most calls are that, and take a third of the time
// without the package in between (docs/decisions/2026-11-25-plain-calls.md). Tools and images are its.

export function isPlain({ messages, tools, embed }: ModelCall): boolean {
  return !embed && (!tools || tools.length === 0) && messages.every(isWords);
}

function isWords({ role, content, toolCalls }: Message): boolean {
  return typeof content === "string" && role !== "tool" && !toolCalls;
}

type Deps = Pick<ProviderDeps, "clock" | "secrets"> & { readonly connections: Connections };

export function plainChat(content: OpenaiCompatibleContent, { clock, secrets, connections }: Deps): Model {
  const model = modelName(content);
  const url = `${content.url.replace(/\/$/, "")}/chat/completions`;
  return async (call) => {
    if (call.messages.length === 0) throw new ModelInputMissing(model, "a prompt");
    const secret = keyOf(content, secrets);
    const facts = (): CallFacts => ({ model, secret, signal: call.signal, nowMs: clock.now() });
    try {
      const { status, statusText, headers, body } = await connections.send(
        url,
        sentOf(call, content, secret),
      );
      if (status < 200 || status > 299) {
        const said = textOf(await wholeOf(body, model));
        const message = errorInBody(said) ?? statusText;
        const told = { status, message, body: said, headers: Object.fromEntries(headersIn(headers)) };
        throw statusError(told, facts());
      }
      const answer = new Answer(call, facts);
      if (!call.onDelta) answer.takeWhole(textOf(await wholeOf(body, model)));
      else {
        const events = new EventReader((data) => answer.takeEvent(data));
        await listenTo(body, model, (piece) => events.feed(piece));
        answer.end();
      }
      return replyOf(answer.said, { content, inOwnWords: true });
    } catch (error) {
      throw providerError(error, facts());
    }
  };
}

function sentOf(call: ModelCall, content: OpenaiCompatibleContent, secret: string | undefined): Sent {
  return {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "user-agent": "flyball",
      "idempotency-key": call.origin.key,
      ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
    },
    body: JSON.stringify(bodyOf(call, content)),
    signal: call.signal,
  };
}

function bodyOf(call: ModelCall, { model, structuredOutputs }: OpenaiCompatibleContent) {
  const { messages, output, settings, onDelta } = call;
  const { temperature, maxTokens, topP, seed, stop } = settings;
  const told = output && !structuredOutputs ? [inWords(output)] : [];
  return {
    model,
    max_tokens: maxTokens,
    temperature,
    top_p: topP,
    response_format: output && formatOf(output, structuredOutputs),
    stop,
    seed,
    messages: [...told, ...messages].map((message) => ({
      role: message.role,
      content: messageText(message),
    })),
    ...(onDelta ? { stream: true, stream_options: { include_usage: true } } : {}),
  };
}

function formatOf(output: JsonObject, structuredOutputs: boolean) {
  if (!structuredOutputs) return { type: "json_object" };
  const schema = envelopeOf(output);
  return { type: "json_schema", json_schema: { schema, strict: isStrict(schema), name: "answer" } };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/** What a server says, at once or in events. Only what is used of it is looked at. */
class Answer {
  readonly #onDelta: ModelCall["onDelta"];
  readonly #facts: () => CallFacts;
  #text = "";
  #isRefusal = false;
  #reason: string | undefined;
  #usage = unknownUsage;

  constructor({ onDelta }: ModelCall, facts: () => CallFacts) {
    this.#onDelta = onDelta;
    this.#facts = facts;
  }

  takeWhole(text: string): void {
    const choice = this.#choiceOf(this.#parsed(text));
    if (!choice) throw this.#malformed("it has no choices");
    if (!isJsonObject(choice.message)) throw this.#malformed(anotherShape);
    this.#hear(choice.message);
  }

  takeEvent(data: string): void {
    if (data === "[DONE]") return;
    const { delta } = this.#choiceOf(this.#parsed(data)) ?? {};
    if (isJsonObject(delta)) this.#hear(delta);
    else if (!isNone(delta)) throw this.#malformed(anotherShape);
  }

  /** Servers that end an answer say why; a connection that was closed in good order says nothing. */
  end(): void {
    if (this.#reason === undefined) throw this.#malformed("it ended before its end");
  }

  get said(): Said {
    return {
      content: [{ type: "text", text: this.#text }],
      finishReason: { unified: unifiedOf(this.#reason, this.#isRefusal), raw: this.#reason },
      usage: this.#usage,
    };
  }

  #parsed(text: string): JsonObject {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw this.#malformed("it is not JSON");
    }
    if (!isJsonObject(value)) throw this.#malformed(anotherShape);
    if (!isNone(value.error)) {
      const said = errorInBody(text);
      throw this.#malformed(said === undefined ? anotherShape : `it is an error with status 200: ${said}`);
    }
    return value;
  }

  #choiceOf({ choices, usage }: JsonObject): JsonObject | undefined {
    if (!Array.isArray(choices)) throw this.#malformed(anotherShape);
    if (isJsonObject(usage)) this.#usage = usageOf(usage);
    const [choice]: readonly Json[] = choices;
    if (choice === undefined) return undefined;
    if (!isJsonObject(choice)) throw this.#malformed(anotherShape);
    const { finish_reason: reason } = choice;
    if (typeof reason === "string") this.#reason = reason;
    else if (!isNone(reason)) throw this.#malformed(anotherShape);
    return choice;
  }

  #hear({ content, refusal, tool_calls: calls }: JsonObject): void {
    if (Array.isArray(calls) && calls.length > 0)
      throw this.#malformed("it asks for a tool, and was offered none");
    this.#say(this.#wordsOf(content));
    if (typeof refusal !== "string" || refusal === "") return;
    this.#isRefusal = true;
    this.#say(refusal);
  }

  #say(text: string): void {
    if (text === "") return;
    this.#text += text;
    this.#onDelta?.({ type: "text", text });
  }

  /** A text, or texts and thoughts in parts. */
  #wordsOf(content: Json | undefined): string {
    if (typeof content === "string") return content;
    if (isNone(content)) return "";
    if (!Array.isArray(content)) throw this.#malformed(anotherShape);
    return content.map((part: Json) => (isTextPart(part) ? part.text : "")).join("");
  }

  #malformed(reason: string): ModelAnswerMalformed {
    return malformed(reason, this.#facts());
  }
}

const anotherShape = "it is not a chat completion";

function isNone(value: Json | undefined): value is null | undefined {
  return value === undefined || value === null;
}

function isTextPart(part: Json): part is { readonly type: "text"; readonly text: string } {
  return isJsonObject(part) && part.type === "text" && typeof part.text === "string";
}

function unifiedOf(reason: string | undefined, isRefusal: boolean): LanguageModelV4FinishReason["unified"] {
  switch (reason) {
    case "stop":
      return isRefusal ? "content-filter" : "stop";
    case "length":
      return "length";
    case "content_filter":
      return "content-filter";
    case "function_call":
    case "tool_calls":
      return "tool-calls";
    default:
      return "other";
  }
}

const unknownUsage: LanguageModelV4Usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};

/** Cached tokens are counted within those that were read, and reasoning within what was written. */
function usageOf(usage: JsonObject): LanguageModelV4Usage {
  const cacheRead = countOf(memberOf(usage.prompt_tokens_details, "cached_tokens"));
  const reasoning = countOf(memberOf(usage.completion_tokens_details, "reasoning_tokens"));
  return {
    inputTokens: { ...unknownUsage.inputTokens, total: countOf(usage.prompt_tokens), cacheRead },
    outputTokens: { ...unknownUsage.outputTokens, total: countOf(usage.completion_tokens), reasoning },
  };
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}

function countOf(value: Json | undefined): number {
  return typeof value === "number" ? value : 0;
}
