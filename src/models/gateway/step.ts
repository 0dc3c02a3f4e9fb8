import { z } from "zod";
import { type Clock, isJsonObject, type Json, type JsonObject, toJson } from "../../core/base/index.ts";
import { schemaProblem } from "../../core/executor/kinds/index.ts";
import {
  type Asset,
  type AssetReference,
  type AssetSource,
  expression,
  type StepContext,
  type StepKind,
  type StepOutcome,
  type StepResult,
  WorkflowInvalid,
} from "../../core/workflow/index.ts";
import {
  type CallSettings,
  callSettings,
  type Message,
  PromptInputInvalid,
  preferenceOf,
  renderPrompt,
  requiredVariables,
  roles,
  type ToolSpec,
} from "../prompts/index.ts";
import { InferenceInputInvalid } from "./errors.ts";
import { expectedOf } from "./expected.ts";
import type { FindAsset } from "./gateway.ts";
import { patienceMs } from "./limits.ts";
import type { Model, ModelCall, ModelReply } from "./model.ts";
import { textOf } from "./output.ts";
import { type PromptVersion, traceOf } from "./trace.ts";

const inlinePrompt = z.union([
  z.strictObject({ text: z.string() }),
  z.strictObject({ messages: z.array(z.strictObject({ role: z.enum(roles), content: z.string() })).min(1) }),
]);

const config = z.strictObject({
  prompt: z
    .union([z.string().min(1), inlinePrompt])
    .optional()
    .describe(
      "The name of a prompt, or a prompt in place: `{ text }` or `{ messages }`. Local models need none.",
    ),
  route: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The name of a route; where neither it nor `model` is given, what the prompt says, else `default`.",
    ),
  model: z.string().min(1).optional().describe("The name of a model, or `provider/name`."),
  input: expression(z.record(z.string(), z.json())).optional().describe("The prompt's variables."),
  output: z.record(z.string(), z.json()).optional().describe("A JSON Schema that the answer must fit."),
  settings: callSettings
    .optional()
    .describe("Temperature, max_tokens, top_p, seed, stop; over those of the prompt."),
});

const inferenceFields = [
  "confidence",
  "evidence",
  "top",
  "model",
  "provider",
  "cost",
  "tokens",
  "latencyMs",
  "simulated",
  "toolCalls",
] as const;

interface InferenceDeps {
  readonly clock: Clock;
  readonly modelOf: (asset: Asset, find: FindAsset) => Model;
}

export function inferenceKind(deps: InferenceDeps): StepKind {
  return {
    name: "inference",
    summary: "Asks a model: a prompt and an input give a value, with confidence, evidence and cost.",
    config,
    fields: inferenceFields,
    callsOut: true,
    caches: true,
    raw: ["output"],
    effect: () => "read",
    references,
    check,
    fit,
    execute: (config, context) => infer(config, context, deps),
  };
}

type Preference = ReturnType<typeof preferenceOf>;

/** The asset that answers: what the step names, else what its prompt does, else the route called `default`. */
function target({ model, route }: JsonObject, preferred: Preference = {}): AssetReference {
  if (model !== undefined) return { kind: "model", name: String(model), path: ["model"] };
  if (route !== undefined) return { kind: "route", name: String(route), path: ["route"] };
  if (preferred.model !== undefined) return { kind: "model", name: preferred.model, path: ["prompt"] };
  if (preferred.route !== undefined) return { kind: "route", name: preferred.route, path: ["prompt"] };
  return { kind: "route", name: "default", path: [] };
}

function references(config: JsonObject, assets?: Pick<AssetSource, "find">): readonly AssetReference[] {
  if (typeof config.prompt !== "string") return [target(config)];
  const prompt: AssetReference = { kind: "prompt", name: config.prompt, path: ["prompt"] };
  try {
    const asset = assets?.find("prompt", config.prompt);
    return [prompt, target(config, asset && preferenceOf(asset))];
  } catch (error) {
    // What is wrong with the prompt is told where it is looked up; whom it prefers is not known.
    if (error instanceof WorkflowInvalid) return [prompt];
    throw error;
  }
}

interface Finding {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

function check(config: JsonObject): readonly Finding[] {
  const findings: Finding[] = [];
  if (config.route !== undefined && config.model !== undefined)
    findings.push({ path: ["model"], message: "expected either `route` or `model`, not both" });
  const problem = isJsonObject(config.output) ? schemaProblem(config.output) : undefined;
  if (problem !== undefined)
    findings.push({ path: ["output"], message: `expected a JSON Schema: ${problem}` });
  return findings;
}

/** An input that is written out says what the prompt will be given. */
function fit(
  { prompt, input }: JsonObject,
  find: (kind: string, name: string) => Asset | undefined,
): readonly string[] {
  const asset = typeof prompt === "string" ? find("prompt", prompt) : undefined;
  if (!asset || (input !== undefined && !isJsonObject(input))) return [];
  const missing = requiredVariables(asset).filter((name) => !Object.hasOwn(input ?? {}, name));
  return missing.map((name) => `the prompt ${prompt} needs a variable \`${name}\`, which is not given`);
}

async function infer(config: JsonObject, context: StepContext, deps: InferenceDeps): Promise<StepOutcome> {
  const input = inputOf(config.input);
  const prompt = promptOf(config.prompt, input, context);
  const { version, preferred, messages, tools } = prompt;
  const answering = target(config, preferred);
  const model = deps.modelOf(context.asset(answering.kind, answering.name), (kind, name) =>
    context.asset(kind, name),
  );
  const output = isJsonObject(config.output) ? config.output : prompt.output;
  const startedMs = deps.clock.monotonic();
  const { capture = true } = context;
  const call: ModelCall = {
    messages,
    input,
    output,
    ...(tools ? { tools } : {}),
    settings: { ...prompt.settings, ...settingsOf(config.settings) },
    origin: { runId: context.runId, path: context.path, attempt: context.attempt, key: context.key },
    workflow: context.workflow,
    tags: context.tags,
    expected: expectedOf(context.expected, context.path, output),
    effects: context.effects,
    ...(capture ? {} : { capture }),
    use: (name) => context.use("model", name),
    ...(context.budgetUsd === undefined ? {} : { budgetUsd: context.budgetUsd }),
    patienceMs,
    ...(context.cache ? { cache: context.cache } : {}),
    signal: context.signal,
  };
  context.tell?.(() => traceOf(call, { version, capture }));
  const reply = await model(call);
  return {
    result: resultOf(reply, deps.clock.monotonic() - startedMs),
    ...(reply.facts ? { facts: reply.facts } : {}),
    trace: traceOf(call, { version, reply, capture }),
  };
}

export function resultOf(reply: ModelReply, latencyMs: number): StepResult {
  const { value, confidence, evidence, top, model, provider, costUsd, tokens, simulated } = reply;
  return {
    value,
    confidence,
    evidence,
    top,
    model,
    provider,
    cost: costUsd,
    tokens: tokens && { ...tokens },
    latencyMs: Number(latencyMs.toFixed(2)),
    simulated,
    toolCalls: reply.toolCalls ? toJson(reply.toolCalls, "tool calls") : null,
  };
}

/** A mapping is the prompt's variables; any other value is one variable, `value`, and `text` where it is text. */
function inputOf(input: Json | undefined): JsonObject {
  if (input === undefined || input === null) return {};
  if (isJsonObject(input)) return input;
  return typeof input === "string" ? { value: input, text: input } : { value: input };
}

interface CallPrompt {
  readonly messages: readonly Message[];
  readonly output?: JsonObject | undefined;
  readonly tools?: readonly ToolSpec[];
  readonly settings: CallSettings;
  readonly version?: PromptVersion;
  readonly preferred?: Preference;
}

/** The expressions of a prompt in place are evaluated already; those of a named one see the input. */
function promptOf(prompt: Json | undefined, input: JsonObject, context: StepContext): CallPrompt {
  if (prompt === undefined) return { messages: [], settings: {} };
  if (typeof prompt === "string") return namedPrompt(context.asset("prompt", prompt), input, context.tags);
  if (!isJsonObject(prompt))
    throw new InferenceInputInvalid("prompt", "the name of a prompt, `{ text }` or `{ messages }`");
  if (prompt.text !== undefined)
    return { messages: [{ role: "user", content: textOf(prompt.text) }], settings: {} };
  const messages = Array.isArray(prompt.messages) ? prompt.messages : [];
  return { messages: messages.map(messageOf), settings: {} };
}

function namedPrompt(asset: Asset, input: JsonObject, tags: StepContext["tags"]): CallPrompt {
  const { variant, ...rendered } = renderPrompt(asset, input, tags);
  const { name, digest } = asset;
  return {
    ...rendered,
    version: { name, digest, variant: variant.name, reason: variant.reason },
    preferred: preferenceOf(asset),
  };
}

function messageOf(message: Json): Message {
  const role = isJsonObject(message) ? roles.find((known) => known === message.role) : undefined;
  if (!role || !isJsonObject(message))
    throw new PromptInputInvalid("in place", `a message needs a role: ${roles.join(", ")}`);
  return { role, content: textOf(message.content ?? "") };
}

function settingsOf(settings: Json | undefined): CallSettings {
  if (settings === undefined) return {};
  const parsed = callSettings.safeParse(settings);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InferenceInputInvalid(
    `settings.${issue?.path.join(".") ?? ""}`,
    issue?.message ?? "settings of a call",
  );
}
