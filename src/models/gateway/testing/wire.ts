import type { IncomingHttpHeaders } from "node:http";
import type { Json, JsonObject } from "../../../core/base/index.ts";
import type { ToolCall } from "../../prompts/index.ts";
import type { Tokens } from "../model.ts";

export type ProtocolName = "openai" | "anthropic" | "google";

/** One request, whatever protocol it came by. */
export interface ProviderRequest {
  /** Counted from 0, over all protocols. */
  readonly index: number;
  readonly protocol: ProtocolName;
  readonly operation: "chat" | "embed";
  readonly stream: boolean;
  readonly model: string;
  /** The texts to be turned into vectors. */
  readonly texts: readonly string[];
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject;
  /** On the monotonic clock. */
  readonly atMs: number;
}

/** A good answer; what is absent is filled in. */
export interface Answer {
  readonly text?: string;
  readonly toolCalls?: readonly ToolCall[];
  readonly finish?: "stop" | "length" | "content_filter";
  readonly tokens?: Tokens;
  /** How long the provider thinks before its first byte, and between the events of a stream. */
  readonly afterMs?: number;
  readonly betweenMs?: number;
}

/** An answer with nothing left out, as protocols write it. */
export type WholeAnswer = Required<Pick<Answer, "text" | "toolCalls" | "finish" | "tokens">> & {
  readonly model: string;
};

/** What one protocol makes of requests and answers. Bodies are JSON; frames are server-sent events. */
export interface Protocol {
  readonly name: ProtocolName;
  /** What the path and the body ask for; undefined where they are not of this protocol. */
  read(path: string, body: JsonObject): Asked | undefined;
  answer(answer: WholeAnswer): Json;
  vectors(vectors: readonly (readonly number[])[], asked: ProviderRequest, tokens: number): Json;
  frames(answer: WholeAnswer): readonly string[];
  error(status: number, message: string): Json;
  /** An error in the middle of a stream. */
  errorFrame(message: string): string;
  /** Well formed, and without an answer in it. */
  empty(model: string): Json;
  emptyFrames(model: string): readonly string[];
}

export type Asked = Pick<ProviderRequest, "operation" | "stream" | "model" | "texts">;

/** A text in the pieces that a stream brings it in; together they are the text again. */
export function piecesOf(text: string): readonly string[] {
  return text.match(/\s*\S+\s*$|\s*\S+|\s+/g) ?? [];
}

/** A server-sent event. */
export function frame(data: Json, event?: string): string {
  return `${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** What stands under a name of a body, as a text. */
export function textAt(body: JsonObject, name: string): string {
  const value = body[name];
  return typeof value === "string" ? value : "";
}
