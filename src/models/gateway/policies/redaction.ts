import { isJsonObject, type Json, type JsonObject } from "../../../core/base/index.ts";
import type { Message, MessagePart } from "../../prompts/index.ts";
import type { Policy } from "../model.ts";
import type { Asked } from "./access.ts";

/** A text as it may leave for what is asked. */
export type Redact = (text: string, asked: Asked) => string;

/** Every text that would leave: of messages, of what a local model reads, and of what is to be a vector. */
export function redacted(redact: Redact | undefined, asked: Asked): Policy {
  if (!redact) return (next) => next;
  const clean = (text: string) => redact(text, asked);
  return (next) => (call) =>
    next({
      ...call,
      messages: call.messages.map((message) => cleanMessage(message, clean)),
      input: cleanMembers(call.input, clean),
      ...(call.embed ? { embed: call.embed.map(clean) } : {}),
    });
}

function cleanMessage(message: Message, clean: (text: string) => string): Message {
  const { content, toolCalls } = message;
  const cleanPart = (part: MessagePart): MessagePart =>
    part.type === "text" ? { ...part, text: clean(part.text) } : part;
  return {
    ...message,
    content: typeof content === "string" ? clean(content) : content.map(cleanPart),
    ...(toolCalls
      ? { toolCalls: toolCalls.map((call) => ({ ...call, arguments: clean(call.arguments) })) }
      : {}),
  };
}

function cleanJson(value: Json, clean: (text: string) => string): Json {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map((item: Json) => cleanJson(item, clean));
  return isJsonObject(value) ? cleanMembers(value, clean) : value;
}

function cleanMembers(value: JsonObject, clean: (text: string) => string): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cleanJson(member, clean)]));
}
