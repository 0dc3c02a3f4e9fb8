import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { FlyballError, sha256 } from "../core/base/index.ts";

/** Somebody else has changed it since it was read. Nothing was done. */
export class PreconditionFailed extends FlyballError {
  readonly code = "PRECONDITION_FAILED";
  override readonly status = 412;
  constructor(what: string) {
    super(`${what} is not what If-Match names; read it again, and decide anew.`);
  }
}

/** The strong validator of what has this content. */
export function tagOf(text: string | Uint8Array): string {
  return `"${sha256(text).slice(0, 32)}"`;
}

/** Whether whoever asks has it already. */
export function isKnown(context: Context, tag: string): boolean {
  return ["GET", "HEAD"].includes(context.req.method) && names(context.req.header("if-none-match"), tag);
}

export function notModified(context: Context, tag: string): Response {
  return context.body(null, 304, { etag: tag });
}

/** The answer with its validator, or that nothing has changed. */
export function answerTagged(
  context: Context,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
  status: ContentfulStatusCode = 200,
): Response {
  const etag = tagOf(body);
  if (isKnown(context, etag)) return notModified(context, etag);
  return context.body(body, status, { ...headers, etag });
}

/** Throws unless `If-Match`, where it is given, names what there is. */
export function checkMatch(context: Context, what: string, present: unknown): void {
  const asked = context.req.header("if-match");
  if (asked === undefined) return;
  if (present === undefined || !names(asked, tagOf(JSON.stringify(present))))
    throw new PreconditionFailed(what);
}

/** However it was compressed. */
function names(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const tags = header.match(/"[^"]*"/g) ?? [];
  return header.trim() === "*" || tags.some((each) => each.replace(/-(?:br|gzip)"$/, '"') === tag);
}
