import type { IncomingHttpHeaders } from "node:http";
import { type Clock, type Json, messageOf, type RetryClass, toJson } from "../../core/base/index.ts";
import { redact, type StepResult } from "../../core/workflow/index.ts";
import { ToolFailed, ToolResponseInvalid } from "./errors.ts";
import type { HttpReply } from "./http.ts";
import { quotedCharactersMax, retryAfterMsMax } from "./limits.ts";
import type { Filled } from "./request.ts";

/** What a reply means: its body as the step's value, or the error that it stands for. */
export function resultOf(reply: HttpReply, { call, revealed }: Filled, clock: Clock): StepResult {
  const clean = (text: string) => redact(text, revealed);
  if (reply.status < 200 || reply.status > 299)
    throw new ToolFailed({
      call: call.label,
      httpStatus: reply.status,
      quote: quoteOf(clean(reply.bytes.toString())),
      retry: retryClass(reply.status),
      retryAfterMs: retryAfter(reply.headers["retry-after"], clock),
    });
  const encoding = reply.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity" && reply.bytes.length > 0)
    throw new ToolResponseInvalid(call.label, `it is encoded as ${encoding}, which was not asked for.`);
  return {
    value: bodyOf(reply, clean, call.label),
    status: reply.status,
    headers: keptHeaders(reply.headers, clean),
    simulated: false,
  };
}

function retryClass(status: number): RetryClass | null {
  if (status === 429) return "rate_limit";
  if (status === 408) return "timeout";
  return status >= 500 && status !== 501 && status !== 505 ? "server" : null;
}

/** Milliseconds of a `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. Null when there is none to use. */
function retryAfter(header: string | undefined, clock: Clock): number | null {
  if (header === undefined) return null;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - clock.now();
  return Number.isNaN(ms) ? null : Math.min(retryAfterMsMax, Math.max(0, ms));
}

function quoteOf(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > quotedCharactersMax ? `${line.slice(0, quotedCharactersMax - 1)}…` : line;
}

/** JSON by its content type; text where it is text; anything else as base64. */
function bodyOf(reply: HttpReply, clean: (text: string) => string, label: string): Json {
  if (reply.bytes.length === 0) return null;
  const contentType = reply.headers["content-type"] ?? "text/plain";
  const text = decoded(reply.bytes, contentType);
  if (text === undefined) return { contentType, base64: clean(reply.bytes.toString("base64")) };
  if (!/^(?:application\/(?:[\w.+-]+\+)?json|text\/json)\s*(?:;|$)/i.test(contentType)) return clean(text);
  try {
    return toJson(JSON.parse(clean(text)), "the answer");
  } catch (error) {
    throw new ToolResponseInvalid(label, `it says that it is JSON: ${clean(messageOf(error))}`);
  }
}

function decoded(bytes: Buffer, contentType: string): string | undefined {
  const charset = /charset\s*=\s*"?([\w-]+)/i.exec(contentType)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Headers that a later step may want; the rest is the server's own affair. */
const kept = [
  "content-type",
  "date",
  "etag",
  "last-modified",
  "link",
  "location",
  "retry-after",
  "x-request-id",
];

function keptHeaders(headers: IncomingHttpHeaders, clean: (text: string) => string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of kept) {
    const value = headers[name];
    if (typeof value === "string") found[name] = clean(value);
  }
  return found;
}
