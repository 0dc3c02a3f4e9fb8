import { z } from "zod";
import {
  canonicalJson,
  FlyballError,
  isJsonObject,
  type Json,
  type JsonObject,
  messageOf,
  nearestName,
  parseDuration,
  sha256,
} from "../../core/base/index.ts";
import { checkedSource, readSource, schemaProblem } from "../../core/executor/kinds/index.ts";
import {
  type Asset,
  type Effect,
  parseTemplate,
  type Reference,
  WorkflowInvalid,
} from "../../core/workflow/index.ts";
import { hasTags, headerNameProblem, httpRequest, httpRequestFields, methodOf } from "./request.ts";

export const effect = z.enum(["none", "read", "write", "irreversible"]);
export const outbox = z.strictObject({ channel: z.string().regex(/^[A-Za-z0-9][\w.-]{0,99}$/) });

const toolFile = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  effect: effect.optional(),
  input: z.record(z.string(), z.unknown()).optional().describe("A JSON Schema for what the tool is given."),
  http: httpRequest.optional(),
  outbox: outbox.optional(),
  simulated: z.json().optional().describe("What it gives in a shadow, where nothing is written."),
});
const toolFields = [
  "name",
  "description",
  "effect",
  "input",
  "http",
  "outbox",
  "channel",
  "simulated",
  ...httpRequestFields,
];

/** What a tool is, as a run pins it. */
export interface Tool {
  readonly effect: Effect;
  readonly input?: JsonObject | undefined;
  readonly http?: JsonObject | undefined;
  readonly outbox?: { readonly channel: string } | undefined;
  /** Its value where nothing may be written. */
  readonly simulated?: Json | undefined;
}

/**
 * `tools/NAME.yaml`: `{ name, description, effect, input, http | outbox }`, where the texts under `http`
 * are templates over `input` and `secrets`. Throws `WorkflowInvalid` with line and column of every problem.
 */
export function loadTool(options: { file: string; text: string; name: string }): Asset {
  const source = readSource(options.file, options.text);
  const { name, description = "", ...parsed } = checkedSource(source, toolFile, toolFields);
  const http = parsed.http ? plain(parsed.http) : undefined;
  const input = parsed.input ? plain(parsed.input) : undefined;
  const found = [
    ...kindProblems(parsed),
    ...(http ? httpProblems(http, ["http"]) : []),
    ...(http ? templateProblems(http, ["http"], input) : []),
  ];
  if (name !== undefined && name !== options.name)
    found.push({
      path: ["name"],
      message: `is "${name}", but workflows know this file as "${options.name}"`,
    });
  const unusable = input ? schemaProblem(input) : undefined;
  if (unusable) found.push({ path: ["input"], message: unusable });
  if (found.length > 0)
    throw new WorkflowInvalid(
      found.map(({ path, message }) => source.problem(path, `${path.join(".")}: ${message}`)),
    );
  const content = plain({ ...parsed, description, effect: parsed.effect ?? defaultEffect(http) });
  return { kind: "tool", name: options.name, digest: sha256(canonicalJson(content)), content };
}

export type Finding = { readonly path: (string | number)[]; readonly message: string };

function kindProblems(parsed: { http?: unknown; outbox?: unknown }): Finding[] {
  if ((parsed.http === undefined) !== (parsed.outbox === undefined)) return [];
  return [{ path: [], message: "expected exactly one of http and outbox" }];
}

/** What is wrong with a request as written, as far as that is known before its templates are filled. */
export function httpProblems(http: JsonObject, path: (string | number)[]): Finding[] {
  const found: Finding[] = [];
  const tell = (place: string[], read: () => unknown) => {
    try {
      read();
    } catch (error) {
      found.push({ path: [...path, ...place], message: messageOf(error) });
    }
  };
  if (isFixed(http.method)) tell(["method"], () => methodOf(http.method ?? ""));
  if (isFixed(http.timeout)) tell(["timeout"], () => parseDuration(String(http.timeout)));
  if (isFixed(http.url) && !/^https?:$/.test(URL.parse(String(http.url))?.protocol ?? ""))
    found.push({ path: [...path, "url"], message: "expected an absolute http: or https: URL" });
  for (const name of Object.keys(isJsonObject(http.headers) ? http.headers : {})) {
    const problem = headerNameProblem(name);
    if (problem) found.push({ path: [...path, "headers", name], message: problem });
  }
  return found;
}

/** What is wrong with the templates of a tool file: it is used by many workflows and knows the steps of none. */
function templateProblems(value: Json, path: (string | number)[], input: JsonObject | undefined): Finding[] {
  if (typeof value === "string")
    return hasTags(value) ? textProblems(value, input).map((message) => ({ path, message })) : [];
  if (Array.isArray(value))
    return value.flatMap((item: Json, index) => templateProblems(item, [...path, index], input));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => templateProblems(member, [...path, name], input));
}

function textProblems(text: string, input: JsonObject | undefined): string[] {
  try {
    return parseTemplate(text).references.flatMap((reference) => referenceProblem(reference, input) ?? []);
  } catch (error) {
    if (error instanceof FlyballError) return [error.message];
    throw error;
  }
}

const toolScope = ["input", "run", "secrets"];

function referenceProblem({ path, guarded }: Reference, input: JsonObject | undefined): string | undefined {
  const [root, member] = path;
  if (!toolScope.includes(String(root)))
    return `there is no \`${root}\` in a tool's file: it sees ${toolScope.join(", ")}`;
  const known = isJsonObject(input?.properties) ? Object.keys(input.properties) : [];
  const isOpen = (input?.additionalProperties ?? false) !== false || input?.patternProperties !== undefined;
  const isFree = guarded || isOpen || known.length === 0;
  if (root !== "input" || typeof member !== "string" || isFree || known.includes(member)) return undefined;
  const nearest = nearestName(member, known);
  return `\`input\` has no \`${member}\`${nearest ? `; did you mean \`${nearest}\`?` : ""}`;
}

function isFixed(value: Json | undefined): boolean {
  return value !== undefined && value !== null && !hasTags(String(value));
}

/** HTTP's own meaning of its methods; what is known only while running counts as a write, as does a message. */
export function defaultEffect(http: JsonObject | undefined): Effect {
  if (!http) return "write";
  const method = http.method ?? (http.body === undefined ? "GET" : "POST");
  return /^(?:get|head)$/i.test(String(method)) ? "read" : "write";
}

/** Without the members that are undefined. */
function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
