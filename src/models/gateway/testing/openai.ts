import type { Json, JsonObject } from "../../../core/base/index.ts";
import { type Asked, frame, type Protocol, piecesOf, textAt, type WholeAnswer } from "./wire.ts";

/** OpenAI's chat completions and embeddings, which most other servers speak too. */
export const openai: Protocol = {
  name: "openai",
  read(path, body): Asked | undefined {
    const model = textAt(body, "model");
    if (path.endsWith("/chat/completions"))
      return { operation: "chat", stream: body.stream === true, model, texts: [] };
    if (!path.endsWith("/embeddings")) return undefined;
    return { operation: "embed", stream: false, model, texts: [body.input ?? []].flat().map(String) };
  },
  answer: (answer) => ({
    ...head("chat.completion", answer.model),
    choices: [{ index: 0, message: messageOf(answer), logprobs: null, finish_reason: finishOf(answer) }],
    usage: usageOf(answer),
  }),
  vectors: (vectors, { model }, tokens) => ({
    object: "list",
    data: vectors.map((embedding, index) => ({ object: "embedding", index, embedding: [...embedding] })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }),
  frames: (answer) => [
    chunk(answer.model, { role: "assistant", content: "", refusal: null }),
    ...piecesOf(answer.text).map((content) => chunk(answer.model, { content })),
    ...answer.toolCalls.flatMap((call, index) => [
      chunk(answer.model, {
        tool_calls: [{ index, id: call.id, type: "function", function: { name: call.name, arguments: "" } }],
      }),
      ...piecesOf(call.arguments).map((piece) =>
        chunk(answer.model, { tool_calls: [{ index, function: { arguments: piece } }] }),
      ),
    ]),
    chunk(answer.model, {}, finishOf(answer)),
    frame({ ...head("chat.completion.chunk", answer.model), choices: [], usage: usageOf(answer) }),
    done,
  ],
  error: (status, message) => ({
    error: { message, type: typeOf(status), param: null, code: status === 404 ? "model_not_found" : null },
  }),
  errorFrame: (message) => frame({ error: { message, type: "server_error", param: null, code: null } }),
  empty: (model) => ({ ...head("chat.completion", model), choices: [] }),
  emptyFrames: (model) => [frame({ ...head("chat.completion.chunk", model), choices: [] }), done],
};

const done = "data: [DONE]\n\n";

function head(object: string, model: string) {
  return { id: "chatcmpl-1", object, created: 1_767_225_600, model, system_fingerprint: "fp_1" };
}

function chunk(model: string, delta: JsonObject, finish: string | null = null): string {
  const choice = { index: 0, delta, logprobs: null, finish_reason: finish };
  return frame({ ...head("chat.completion.chunk", model), choices: [choice], usage: null });
}

function messageOf({ text, toolCalls }: WholeAnswer): JsonObject {
  const calls = toolCalls.map(({ id, name, arguments: written }) => ({
    id,
    type: "function",
    function: { name, arguments: written },
  }));
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

function finishOf({ finish, toolCalls }: WholeAnswer): string {
  return finish === "stop" && toolCalls.length > 0 ? "tool_calls" : finish;
}

/** OpenAI counts cached tokens within the prompt's, and reasoning within the completion's. */
function usageOf({ tokens }: WholeAnswer): Json {
  const [read, written] = [tokens.input + tokens.cached, tokens.output + tokens.reasoning];
  return {
    prompt_tokens: read,
    completion_tokens: written,
    total_tokens: read + written,
    prompt_tokens_details: { cached_tokens: tokens.cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: tokens.reasoning, audio_tokens: 0 },
  };
}

function typeOf(status: number): string {
  if (status === 429) return "rate_limit_error";
  if (status === 401) return "authentication_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}
