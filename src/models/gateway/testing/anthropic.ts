import type { Json, JsonObject } from "../../../core/base/index.ts";
import { type Asked, frame, type Protocol, piecesOf, textAt, type WholeAnswer } from "./wire.ts";

/** Anthropic's messages. It has no embeddings. */
export const anthropic: Protocol = {
  name: "anthropic",
  read(path, body): Asked | undefined {
    if (!path.endsWith("/messages")) return undefined;
    return { operation: "chat", stream: body.stream === true, model: textAt(body, "model"), texts: [] };
  },
  answer: (answer) =>
    message(answer.model, contentOf(answer), { stop: stopOf(answer), usage: usageOf(answer) }),
  vectors: () => null,
  frames: (answer) => [
    event({ type: "message_start", message: message(answer.model, [], { usage: usageOf(answer, 1) }) }),
    event({ type: "ping" }),
    ...blocksOf(answer).flatMap(({ start, deltas }, index) => [
      event({ type: "content_block_start", index, content_block: start }),
      ...deltas.map((delta) => event({ type: "content_block_delta", index, delta })),
      event({ type: "content_block_stop", index }),
    ]),
    event({
      type: "message_delta",
      delta: { stop_reason: stopOf(answer), stop_sequence: null },
      usage: writtenUsage(answer, writtenOf(answer)),
    }),
    event({ type: "message_stop" }),
  ],
  error: (status, text) => ({
    type: "error",
    error: { type: typeOf(status), message: text },
    request_id: "req_1",
  }),
  errorFrame: (text) => event({ type: "error", error: { type: "overloaded_error", message: text } }),
  empty: (model) => message(model, [], { stop: "end_turn", usage: { input_tokens: 1, output_tokens: 0 } }),
  emptyFrames: (model) => [
    event({
      type: "message_start",
      message: message(model, [], { usage: { input_tokens: 1, output_tokens: 0 } }),
    }),
    event({
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 0 },
    }),
    event({ type: "message_stop" }),
  ],
};

function event(data: JsonObject & { readonly type: string }): string {
  return frame(data, data.type);
}

function message(
  model: string,
  content: Json[],
  { stop, usage }: { stop?: string; usage: JsonObject },
): JsonObject {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model,
    content,
    stop_reason: stop ?? null,
    stop_sequence: null,
    usage,
  };
}

function contentOf({ text, toolCalls }: WholeAnswer): Json[] {
  const said = text === "" ? [] : [{ type: "text", text }];
  return [
    ...said,
    ...toolCalls.map(({ id, name, arguments: written }) => ({
      type: "tool_use",
      id,
      name,
      input: JSON.parse(written),
    })),
  ];
}

function blocksOf({ text, toolCalls }: WholeAnswer): { start: JsonObject; deltas: JsonObject[] }[] {
  const said = {
    start: { type: "text", text: "" },
    deltas: piecesOf(text).map((piece) => ({ type: "text_delta", text: piece })),
  };
  const called = toolCalls.map(({ id, name, arguments: written }) => ({
    start: { type: "tool_use", id, name, input: {} },
    deltas: piecesOf(written).map((piece) => ({ type: "input_json_delta", partial_json: piece })),
  }));
  return text === "" ? called : [said, ...called];
}

function stopOf({ finish, toolCalls }: WholeAnswer): string {
  if (finish === "length") return "max_tokens";
  if (finish === "content_filter") return "refusal";
  return toolCalls.length > 0 ? "tool_use" : "end_turn";
}

/** Anthropic counts what its cache held beside the input, and what was thought within the output. */
function usageOf(answer: WholeAnswer, written = writtenOf(answer)): JsonObject {
  const { input, cached } = answer.tokens;
  return {
    input_tokens: input,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    ...writtenUsage(answer, written),
  };
}

function writtenUsage({ tokens }: WholeAnswer, written: number): JsonObject {
  return { output_tokens: written, output_tokens_details: { thinking_tokens: tokens.reasoning } };
}

function writtenOf({ tokens }: WholeAnswer): number {
  return tokens.output + tokens.reasoning;
}

function typeOf(status: number): string {
  const types: Readonly<Record<number, string>> = {
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "overloaded_error",
  };
  return types[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
}
