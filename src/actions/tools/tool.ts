import { z } from "zod";
import { assert, isJsonObject, type Json, type JsonObject } from "../../core/base/index.ts";
import { schemaMismatches } from "../../core/executor/kinds/index.ts";
import {
  type Effect,
  EffectDenied,
  type StepContext,
  type StepKind,
  type StepOutcome,
} from "../../core/workflow/index.ts";
import { ToolRequestInvalid } from "./errors.ts";
import type { HttpClient } from "./http.ts";
import { resultOf } from "./reply.ts";
import { filledRequest, httpRequest, type Secrets } from "./request.ts";
import { defaultEffect, effect, type Finding, httpProblems, outbox, type Tool } from "./tool-file.ts";

const config = z.strictObject({
  name: z.string().min(1).optional().describe("A tool of the project: tools/NAME.yaml."),
  input: z.unknown().optional().describe("What the named tool, or the outbox, is given."),
  http: httpRequest.optional(),
  outbox: outbox.optional(),
  effect: effect.optional().describe("What it may do; without it GET and HEAD read, everything else writes."),
});

/**
 * `tool: { http }`, `tool: { outbox, input }` or `tool: { name, input }`: one call to the world outside.
 * Its `value` is the answer's body, or `{ queued, channel }`. Every call carries the step's key as
 * `Idempotency-Key`: the same on every attempt and after a resume.
 */
export function toolKind(options: {
  http: (context: StepContext) => HttpClient;
  secrets: Secrets;
}): StepKind {
  return {
    name: "tool",
    summary: "Calls an HTTP service, or puts a message into the outbox.",
    config,
    fields: ["status", "headers", "simulated"],
    callsOut: true,
    // The kind fills the request itself, because only its templates may say which secrets go in where.
    lazy: { http: [] },
    effect: (written) => declaredEffect(written),
    references: ({ name }) =>
      typeof name === "string" && !name.includes("{{") ? [{ kind: "tool", name, path: ["name"] }] : [],
    check,
    execute(written, context) {
      const { tool, locals } = toolOf(written, context);
      const what =
        typeof written.name === "string" ? `The tool "${written.name}"` : `The step "${context.path}"`;
      if (context.effects === "denied" && tool.effect !== "none" && tool.effect !== "read")
        throw new EffectDenied(what, tool.effect);
      checkInput(tool, locals.input ?? null);
      if (typeof written.name === "string") context.use("tool", written.name);
      if (context.effects === "simulated" && tool.effect !== "none" && tool.effect !== "read")
        return { result: { ...simulated, value: tool.simulated ?? null } };
      if (tool.outbox) return queued(tool.outbox.channel, written.input ?? null, context);
      assert(tool.http, "a tool is a request or a message");
      return called({ ...options, http: options.http(context), request: tool.http, locals, context });
    },
  };
}

const simulated = { value: null, status: null, headers: null, simulated: true };

function declaredEffect(written: JsonObject): Effect {
  const declared = effect.safeParse(written.effect);
  if (declared.success) return declared.data;
  // A named tool tells its effect while running; until then the cautious answer.
  return defaultEffect(isJsonObject(written.http) ? written.http : undefined);
}

/** The tool that a step means, and what its templates see beside the step's own scope. */
function toolOf(written: JsonObject, context: StepContext): { tool: Tool; locals: JsonObject } {
  if (typeof written.name !== "string") {
    const http = isJsonObject(written.http) ? written.http : undefined;
    return { tool: { effect: declaredEffect(written), http, outbox: channelOf(written.outbox) }, locals: {} };
  }
  const { content } = context.asset("tool", written.name);
  assert(isJsonObject(content), `the tool ${written.name} has been loaded`);
  const tool = {
    effect: effect.parse(content.effect),
    input: isJsonObject(content.input) ? content.input : undefined,
    http: isJsonObject(content.http) ? content.http : undefined,
    outbox: channelOf(content.outbox),
    simulated: content.simulated,
  };
  return { tool, locals: { input: written.input ?? {} } };
}

function channelOf(value: Json | undefined): { channel: string } | undefined {
  return value === undefined || value === null ? undefined : outbox.parse(value);
}

function checkInput(tool: Tool, input: Json): void {
  if (!tool.input) return;
  const mismatches = schemaMismatches(tool.input, input);
  if (mismatches.length === 0) return;
  const told = mismatches.map(({ at, message }) => (at ? `${at}: ${message}` : message));
  throw new ToolRequestInvalid("input", told.join("; "));
}

/** The message is a fact in the commit of the step's result: queued exactly once, for whoever sends it. */
function queued(channel: string, input: Json, context: StepContext): StepOutcome {
  const { runId: run, path, key } = context;
  const fact = { stream: `outbox/${run}`, type: "message.queued", data: { channel, key, run, path, input } };
  return {
    result: { value: { queued: true, channel }, status: null, headers: null, simulated: false },
    facts: [fact],
  };
}

async function called(options: {
  http: HttpClient;
  secrets: Secrets;
  request: JsonObject;
  locals: JsonObject;
  context: StepContext;
}): Promise<StepOutcome> {
  const { context } = options;
  const filled = filledRequest({
    http: options.request,
    locals: options.locals,
    context,
    secrets: options.secrets,
  });
  const reply = await options.http.send(filled.call, context.signal);
  return { result: resultOf(reply, filled, context.clock) };
}

function check(written: JsonObject): Finding[] {
  const named = ["name", "http", "outbox"].filter((name) => written[name] !== undefined);
  const found: Finding[] = [];
  if (named.length !== 1)
    found.push({
      path: named.slice(1, 2),
      message: `expected exactly one of name, http, outbox; found ${named.length === 0 ? "none" : named.join(" and ")}`,
    });
  if (typeof written.name === "string" && written.name.includes("{{"))
    found.push({
      path: ["name"],
      message: "must be the name itself, no expression: a run pins the tools that it uses",
    });
  if (written.name !== undefined && written.effect !== undefined)
    found.push({ path: ["effect"], message: "is declared in the tool's own file" });
  if (written.http !== undefined && written.input !== undefined)
    found.push({
      path: ["input"],
      message: "is for named tools and the outbox; a request names what it needs itself",
    });
  if (isJsonObject(written.http)) found.push(...httpProblems(written.http, ["http"]));
  return found;
}
