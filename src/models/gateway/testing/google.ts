import type { Json, JsonObject } from "../../../core/base/index.ts";
import { isJsonObject } from "../../../core/base/index.ts";
import { type Asked, type Protocol, piecesOf, type WholeAnswer } from "./wire.ts";

/** Gemini's generateContent and embedContent. The model and the operation are in the path. */
export const google: Protocol = {
  name: "google",
  read(path, body): Asked | undefined {
    const [, model = "", operation = ""] = /\/models\/([^/:]+):(\w+)/.exec(path) ?? [];
    const asked = {
      operation: "chat",
      stream: operation === "streamGenerateContent",
      model,
      texts: [],
    } as const;
    if (operation === "generateContent" || operation === "streamGenerateContent") return asked;
    if (operation !== "embedContent" && operation !== "batchEmbedContents") return undefined;
    const requests = Array.isArray(body.requests) ? body.requests : [body];
    return { ...asked, operation: "embed", texts: requests.map(textToEmbed) };
  },
  answer: (answer) => ({
    candidates: [candidate(partsOf(answer), finishOf(answer))],
    ...tail(answer.model, usageOf(answer)),
  }),
  vectors: (vectors, { url }) => {
    const embeddings = vectors.map((values) => ({ values: [...values] }));
    return url.includes(":embedContent") ? { embedding: embeddings[0] ?? null } : { embeddings };
  },
  frames(answer) {
    const said = piecesOf(answer.text).map((text) => ({ text }));
    const parts = [...said, ...callsOf(answer)];
    const frames = parts.map((part) => chunk(answer.model, [candidate([part])], { promptTokenCount: 1 }));
    return [...frames, chunk(answer.model, [candidate([{ text: "" }], finishOf(answer))], usageOf(answer))];
  },
  error: (status, message) => ({ error: { code: status, message, status: statusOf(status) } }),
  errorFrame: (message) => frame({ error: { code: 503, message, status: "UNAVAILABLE" } }),
  empty: (model) => ({ candidates: [], ...tail(model, { promptTokenCount: 1, totalTokenCount: 1 }) }),
  emptyFrames: (model) => [chunk(model, [], { promptTokenCount: 1, totalTokenCount: 1 })],
};

/** Google ends lines with CR and LF. */
function frame(data: Json): string {
  return `data: ${JSON.stringify(data)}\r\n\r\n`;
}

function chunk(model: string, candidates: Json[], usage: JsonObject): string {
  return frame({ candidates, ...tail(model, usage) });
}

function tail(model: string, usage: JsonObject): JsonObject {
  return { usageMetadata: usage, modelVersion: model, responseId: "response-1" };
}

function candidate(parts: Json[], finish?: string): JsonObject {
  return {
    content: { parts, role: "model" },
    ...(finish === undefined ? {} : { finishReason: finish }),
    index: 0,
  };
}

function partsOf(answer: WholeAnswer): Json[] {
  return [...(answer.text === "" ? [] : [{ text: answer.text }]), ...callsOf(answer)];
}

function callsOf({ toolCalls }: WholeAnswer): JsonObject[] {
  return toolCalls.map(({ id, name, arguments: written }) => ({
    functionCall: { id, name, args: JSON.parse(written) },
  }));
}

function finishOf({ finish }: WholeAnswer): string {
  return { stop: "STOP", length: "MAX_TOKENS", content_filter: "SAFETY" }[finish];
}

/** Google counts what its cache held within the prompt's, and what was thought beside the candidates'. */
function usageOf({ tokens }: WholeAnswer): JsonObject {
  const prompt = tokens.input + tokens.cached;
  return {
    promptTokenCount: prompt,
    cachedContentTokenCount: tokens.cached,
    candidatesTokenCount: tokens.output,
    thoughtsTokenCount: tokens.reasoning,
    totalTokenCount: prompt + tokens.output + tokens.reasoning,
  };
}

function textToEmbed(request: Json): string {
  const content = isJsonObject(request) && isJsonObject(request.content) ? request.content : {};
  const [part] = Array.isArray(content.parts) ? content.parts : [];
  return isJsonObject(part) ? String(part.text) : "";
}

function statusOf(status: number): string {
  const statuses: Readonly<Record<number, string>> = {
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
  };
  return statuses[status] ?? (status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT");
}
