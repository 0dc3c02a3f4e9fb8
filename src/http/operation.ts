import type { Context, Hono } from "hono";
import { z } from "zod";
import { answerInParts } from "./answer.ts";
import { keyOf } from "./keyed.ts";
import { bodyOf, checked, queryOf } from "./problem.ts";
import { answerTagged, isKnown, notModified } from "./tags.ts";

/**
 * One request that is answered here: what it takes, and what it gives. The same schemas check requests,
 * hold presenters to their word, and make the OpenAPI document.
 */
export interface Operation<Path extends string = string, Query = unknown, Body = unknown, Answer = unknown> {
  /** Its name in clients, such as `startRun`. */
  readonly id: string;
  readonly method: "get" | "post" | "put" | "delete";
  /** As OpenAPI writes it: `/v1/runs/{id}`. */
  readonly path: Path;
  readonly summary: string;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly answer: () => z.ZodType<unknown, Answer>;
  /** Of an answer that went well; 200 when absent. The first is the handler's own unless it says otherwise. */
  readonly statuses?: readonly [200 | 201 | 202, ...(200 | 201 | 202)[]];
  /**
   * The same `Idempotency-Key` is the same command. Its answer is `recorded`, or `shown` again as things are
   * then; what it started may also be found by the key, by the handler's `own` means.
   */
  readonly takesKey?: "recorded" | "shown" | "own";
  /**
   * What its `ETag` is of: the journal's position, where everything told is read from what is on disk, so that
   * nothing is read for who knows it already; or the text of the answer.
   */
  readonly tagged?: "journal" | "text";
  /** Honours `If-Match`. */
  readonly takesMatch?: true;
  /** Where what was made is found by its `id`. */
  readonly makes?: `/v1/${string}`;
  /** May be long: written in parts, with a turn for others now and then. */
  readonly isLong?: true;
  /** Lines of JSON: the answer is the schema of one. */
  readonly isLines?: true;
  /** A text for other tools, of one of these types; `answer` says nothing of it. */
  readonly files?: readonly string[];
  /** Also as server-sent events. */
  readonly isFollowed?: true;
  /** Errors have OpenAI's shape. */
  readonly isOpenai?: true;
}

export function operation<const Path extends string, Query, Body, Answer>(
  described: Operation<Path, Query, Body, Answer>,
): Operation<Path, Query, Body, Answer> {
  return described;
}

type Names<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;

export interface Asked<Path extends string, Query, Body> {
  readonly context: Context;
  readonly params: Readonly<Record<Names<Path>, string>>;
  readonly query: Query;
  readonly body: Body;
  /** It was done before under the same key: show it. */
  readonly isRepeated: boolean;
}

type Handler<Path extends string, Query, Body, Answer> = (
  asked: Asked<Path, Query, Body>,
) => Answer | Response | Promise<Answer | Response>;

/** Answers an operation. A handler gives what its schema says, or a response of its own making. */
export function serve<Path extends string, Query, Body, Answer>(
  routes: Hono,
  described: Operation<Path, Query, Body, Answer>,
  handler: Handler<Path, Query, Body, Answer>,
): void {
  const { method, path, query = nothing, body = nothing, makes, tagged } = described;
  const takesBody = described.body !== undefined;
  const answer = async (context: Context): Promise<Response> => {
    const tag = tagged === "journal" ? context.get("journalTag")() : undefined;
    if (tag && isKnown(context, tag)) return notModified(context, tag);
    const asked = {
      context,
      params: context.req.param() as Readonly<Record<Names<Path>, string>>,
      query: queryOf(context, query),
      body: takesBody ? await bodyOf(context, body) : checked(body, undefined),
    };
    const given = await underKey(described, asked, async (isRepeated) => handler({ ...asked, isRepeated }));
    if (given instanceof Response) return given;
    if (makes) context.header("location", `${makes}/${Object(given).id}`);
    if (tag) context.header("etag", tag);
    return respond(context, described, Object(given));
  };
  routes.on(method, path.replaceAll(/\{(\w+)\}/g, ":$1"), tell(described, answer));
}

function respond(
  context: Context,
  { statuses: [status] = [200], isLong, tagged }: Operation,
  given: Readonly<Record<string, unknown>>,
): Response | Promise<Response> {
  if (isLong) return answerInParts(context, given, status);
  if (tagged !== "text") return context.json(given, status);
  return answerTagged(context, JSON.stringify(given), { "content-type": "application/json" }, status);
}

/** Acts, unless the same was done before under the key that came with it. */
function underKey<Answer>(
  { id: operation, takesKey }: Operation,
  { context, params, body }: Omit<Asked<string, unknown, unknown>, "isRepeated">,
  act: (isRepeated: boolean) => Promise<Answer>,
): Promise<unknown> {
  const key = takesKey && keyOf(context);
  if (!key || takesKey === "own") return act(false);
  return context
    .get("requests")
    .answer({ key, operation, params, body, isRecorded: takesKey === "recorded" }, act);
}

const nothing = z.any();
const told = new WeakMap<object, Operation>();

/** Says which operation a handler answers, so that the document is made of what is really routed. */
export function tell<Handler extends object>(described: Operation, handler: Handler): Handler {
  told.set(handler, described);
  return handler;
}

export function operationOf(handler: object): Operation | undefined {
  return told.get(handler);
}
