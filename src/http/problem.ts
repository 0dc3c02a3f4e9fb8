import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "zod";
import { FlyballError, type Json, jsonSliceCharacters, messageOf, Pace } from "../core/base/index.ts";
import { InputInvalid } from "../core/executor/index.ts";
import { WorkflowInvalid } from "../core/workflow/index.ts";
import { jsonProblem } from "./json-text.ts";
import { bodyBytesMax, discardedBytesMax } from "./limits.ts";

/** A request that does not fit its schema, or cannot be read. */
export class RequestInvalid extends FlyballError {
  readonly code = "REQUEST_INVALID";
  override readonly status = 400;
  readonly details: readonly string[];
  constructor(details: readonly string[]) {
    super(details.join("; "));
    this.details = details;
  }
}

/** A body that is not read to its end. */
export class BodyTooLarge extends FlyballError {
  readonly code = "BODY_TOO_LARGE";
  override readonly status = 413;
  constructor(bytesMax: number) {
    super(`A body may have ${bytesMax / 1024 / 1024} MiB; keep what is larger as a file, and send its name.`);
  }
}

export class NotFound extends FlyballError {
  readonly code = "NOT_FOUND";
  override readonly status = 404;
}

/** A browser page of another site, or a host name that is not ours: never answered. */
export class OriginRefused extends FlyballError {
  readonly code = "ORIGIN_REFUSED";
  override readonly status = 403;
}

/** An error as a problem document (RFC 9457) with a stable `code`. */
export function problemOf(error: unknown): { status: number; body: { [key: string]: Json } } {
  if (!(error instanceof FlyballError))
    return {
      status: 500,
      body: { title: "Unexpected error", status: 500, code: "UNEXPECTED", detail: messageOf(error) },
    };
  const { code, status, message, exitCode } = error;
  const problems =
    error instanceof WorkflowInvalid ? error.problems.map((problem) => ({ ...problem })) : detailsOf(error);
  const title = error.name.replace(/([a-z])([A-Z])/g, "$1 $2");
  return {
    status,
    body: { title, status, code, detail: message, exitCode, ...(problems ? { problems } : {}) },
  };
}

function detailsOf(error: FlyballError): Json[] | undefined {
  if (error instanceof RequestInvalid) return [...error.details];
  return error instanceof InputInvalid ? [...error.problems] : undefined;
}

export function answerProblem(context: Context, error: unknown): Response {
  const { status, body } = problemOf(error);
  context.header("content-type", "application/problem+json");
  if (error instanceof FlyballError && error.retryAfterMs !== null)
    context.header("retry-after", String(Math.ceil(error.retryAfterMs / 1_000)));
  return context.body(JSON.stringify(body), status as ContentfulStatusCode);
}

/** The request's JSON body, checked; an absent body is an empty object. */
export async function bodyOf<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  return checked(schema, await jsonOf(context, bodyBytesMax));
}

/** The request's JSON body, not yet checked. */
export async function jsonOf(context: Context, bytesMax: number): Promise<unknown> {
  const text = textOf(await bytesOf(context, bytesMax));
  if (text === "") return {};
  const type = context.req.header("content-type") ?? "";
  if (!/^application\/json\b/i.test(type))
    throw new RequestInvalid([`the body must be application/json, not ${type || "untyped"}`]);
  return parse(text);
}

/** Takes no more into memory than a body may have, whether its length was declared or not. */
async function bytesOf({ req }: Context, bytesMax: number): Promise<Uint8Array> {
  // A body of known length is read at once, without a stream around it.
  if (Number(req.header("content-length")) <= bytesMax) return new Uint8Array(await req.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of req.raw.body ?? []) {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > discardedBytesMax) break;
  }
  if (bytes > bytesMax) throw new BodyTooLarge(bytesMax);
  return Buffer.concat(chunks);
}

// A byte that is no text would otherwise become another sign, without a word.
const utf8 = new TextDecoder("utf-8", { fatal: true });

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RequestInvalid(["the body is not UTF-8"]);
  }
}

/** What is large is looked through, parsed and taken further in a turn of its own each. */
async function parse(text: string): Promise<unknown> {
  const pace = new Pace(jsonSliceCharacters);
  const problem = jsonProblem(text);
  if (problem) throw new RequestInvalid([`the body cannot be taken in: ${problem}`]);
  await pace.after(text.length);
  try {
    const value: unknown = JSON.parse(text);
    await pace.after(text.length);
    return value;
  } catch (error) {
    throw new RequestInvalid([`the body is not JSON: ${messageOf(error)}`]);
  }
}

export function queryOf<T>(context: Context, schema: z.ZodType<T>): T {
  // A name that comes once is its value, one that comes more often is a list.
  const given = Object.entries(context.req.queries());
  return checked(
    schema,
    Object.fromEntries(given.map(([name, values]) => [name, values.length > 1 ? values : values[0]])),
  );
}

export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RequestInvalid(
    parsed.error.issues.map(
      (issue) => `${issue.path.map(String).join(".") || "the request"}: ${issue.message}`,
    ),
  );
}
