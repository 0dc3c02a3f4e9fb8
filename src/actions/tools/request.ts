import { z } from "zod";
import { isJsonObject, type Json, type JsonObject, parseDuration } from "../../core/base/index.ts";
import { redact, revealSecrets, type StepContext, secretNames } from "../../core/workflow/index.ts";
import { SecretMissing, ToolRequestInvalid } from "./errors.ts";
import type { HttpCall } from "./http.ts";
import { httpTimeoutMs } from "./limits.ts";

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** How users write a request. Any text may hold expressions. */
export const httpRequest = z.strictObject({
  method: z.string().optional().describe("Without it: POST when there is a body, otherwise GET."),
  url: z.string().min(1),
  headers: z.record(z.string(), scalar).optional(),
  query: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Added to the URL; a list gives its name once for each."),
  body: z.unknown().optional().describe("A text goes as it is, anything else as JSON."),
  timeout: z.union([z.string(), z.number()]).optional().describe("Redirects included; 30s without it."),
});
export const httpRequestFields = ["method", "url", "headers", "query", "body", "timeout"];

/** Answers a secret by name; the only way to its value. */
export type Secrets = (name: string) => string | undefined;

/** A request ready to go, and the secrets that are in it: whatever comes back is cleared of them. */
export interface Filled {
  readonly call: HttpCall;
  readonly revealed: ReadonlySet<string>;
}

/** Evaluates a request as written, and puts secrets in where its own templates name them. */
export function filledRequest(options: {
  http: JsonObject;
  locals: JsonObject;
  context: StepContext;
  secrets: Secrets;
}): Filled {
  const { http, locals, context } = options;
  const revealed = new Set<string>();
  const reveal = (name: string) => {
    const value = options.secrets(name);
    if (value === undefined) throw new SecretMissing(name);
    revealed.add(value);
    return value;
  };
  const fill = (value: Json): Json => filled(value, { locals, context, reveal });
  const parts = fill(http);
  refuseMarkers(parts);
  return { call: callOf(isJsonObject(parts) ? parts : {}, context.key, revealed), revealed };
}

type Filling = {
  readonly locals: JsonObject;
  readonly context: StepContext;
  readonly reveal: (name: string) => string;
};

function filled(value: Json, filling: Filling): Json {
  if (typeof value === "string") return hasTags(value) ? filledText(value, filling) : value;
  if (Array.isArray(value)) return value.map((item: Json) => filled(item, filling));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, filled(member, filling)]));
}

/** Whether a text has a tag of the expression language in it; most texts have none. */
export function hasTags(text: string): boolean {
  return /\{[{%#]/.test(text);
}

/** A template reveals only the secrets that it names itself: a marker that came in with data stays a marker. */
function filledText(template: string, { locals, context, reveal }: Filling): Json {
  const value = context.evaluate(template, locals);
  const names = secretNames(template);
  return names.size === 0
    ? value
    : revealSecrets(value, (name) => (names.has(name) ? reveal(name) : undefined));
}

function refuseMarkers(value: Json): void {
  revealSecrets(value, (name) => {
    throw new ToolRequestInvalid(
      "http",
      `a secret ("${name}") came in with data; name it in the request itself: {{ secrets.NAME }}`,
    );
  });
}

function callOf(parts: JsonObject, key: string, revealed: ReadonlySet<string>): HttpCall {
  const body = bodyOf(parts.body);
  const method = methodOf(parts.method ?? (body === undefined ? "GET" : "POST"));
  if (body !== undefined && (method === "GET" || method === "HEAD"))
    throw new ToolRequestInvalid("body", `a ${method} has none`);
  const url = urlOf(parts.url, parts.query);
  const own = {
    "user-agent": "flyball",
    accept: "application/json, text/*;q=0.9, */*;q=0.5",
    ...body?.headers,
  };
  return {
    method,
    url,
    headers: { ...own, ...headersOf(parts.headers), "accept-encoding": "identity", "idempotency-key": key },
    body: body?.text,
    timeoutMs: timeoutOf(parts.timeout),
    label: redact(`${method} ${url.origin}${url.pathname}`, revealed),
  };
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export function methodOf(value: Json): string {
  const method = String(value).toUpperCase();
  if (!methods.includes(method))
    throw new ToolRequestInvalid("method", `expected one of ${methods.join(", ")}`);
  return method;
}

function urlOf(text: Json | undefined, query: Json | undefined): URL {
  const url = typeof text === "string" ? URL.parse(text) : null;
  if (!url) throw new ToolRequestInvalid("url", "expected an absolute http: or https: URL");
  if (query === undefined || query === null) return url;
  if (!isJsonObject(query)) throw new ToolRequestInvalid("query", "expected names and values");
  for (const [name, value] of Object.entries(query))
    for (const each of [value].flat() as Json[])
      if (each !== null) url.searchParams.append(name, textOf(each));
  return url;
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function bodyOf(value: Json | undefined): { text: string; headers: Record<string, string> } | undefined {
  if (value === undefined || value === null) return undefined;
  const type = typeof value === "string" ? "text/plain; charset=utf-8" : "application/json";
  return { text: textOf(value), headers: { "content-type": type } };
}

/** Set by the engine or by the connection, never by a request. */
const ownHeaders = new Set([
  ...["accept-encoding", "connection", "content-length", "expect", "host", "idempotency-key", "keep-alive"],
  ...["proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"],
]);

/** Why a header may not be called so, or undefined. */
export function headerNameProblem(name: string): string | undefined {
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) return `"${name}" is no name of a header`;
  return ownHeaders.has(name.toLowerCase()) ? `"${name}" is set by the engine` : undefined;
}

function headersOf(value: Json | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, member] of Object.entries(isJsonObject(value) ? value : {})) {
    const problem = headerNameProblem(name);
    if (problem) throw new ToolRequestInvalid("headers", problem);
    if (member === null) continue;
    const text = textOf(member);
    // What ends a header (CR, LF) would let data write further headers.
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text))
      throw new ToolRequestInvalid(`headers.${name}`, "holds a character that no header can hold");
    headers[name.toLowerCase()] = text;
  }
  return headers;
}

function timeoutOf(value: Json | undefined): number {
  if (value === undefined || value === null) return httpTimeoutMs;
  return parseDuration(typeof value === "number" ? value : String(value));
}
