import { z } from "zod";
import { type Clock, isJsonObject, type Json, type JsonObject } from "../../core/base/index.ts";
import { schemaProblem } from "../../core/executor/kinds/index.ts";
import {
  type Asset,
  type AssetReference,
  expression,
  type StepContext,
  type StepKind,
  type StepOutcome,
  type StepResult,
} from "../../core/workflow/index.ts";
import {
  type CallSettings,
  callSettings,
  type Message,
  PromptInputInvalid,
  renderPrompt,
  requiredVariables,
  roles,
} from "../prompts/index.ts";
import { InferenceInputInvalid } from "./errors.ts";
import { expectedOf } from "./expected.ts";
import type { Model, ModelReply } from "./model.ts";
import { textOf } from "./output.ts";

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
    .describe("The name of a route; the one called `default` where neither route nor model is given."),
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
] as const;

interface InferenceDeps {
  readonly clock: Clock;
  readonly modelOf: (asset: Asset) => Model;
}

export function inferenceKind(deps: InferenceDeps): StepKind {
  return {
    name: "inference",
    summary: "Asks a model: a prompt and an input give a value, with confidence, evidence and cost.",
    config,
    fields: inferenceFields,
    callsOut: true,
    raw: ["output"],
    effect: () => "read",
    references,
    check,
    fit,
    execute: (config, context) => infer(config, context, deps),
  };
}

/** The asset that answers; the route called `default` where a step names none. */
function target({ model, route }: JsonObject): AssetReference {
  if (model !== undefined) return { kind: "model", name: String(model), path: ["model"] };
  return { kind: "route", name: String(route ?? "default"), path: route === undefined ? [] : ["route"] };
}

function references(config: JsonObject): readonly AssetReference[] {
  const prompt: AssetReference[] =
    typeof config.prompt === "string" ? [{ kind: "prompt", name: config.prompt, path: ["prompt"] }] : [];
  return [...prompt, target(config)];
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
  const answering = target(config);
  const model = deps.modelOf(context.asset(answering.kind, answering.name));
  const input = inputOf(config.input);
  const prompt = promptOf(config.prompt, input, context);
  const output = isJsonObject(config.output) ? config.output : prompt.output;
  const startedMs = deps.clock.monotonic();
  const reply = await model({
    messages: prompt.messages,
    input,
    output,
    settings: { ...prompt.settings, ...settingsOf(config.settings) },
    origin: { runId: context.runId, path: context.path, attempt: context.attempt, key: context.key },
    workflow: context.workflow,
    tags: context.tags,
    expected: expectedOf(context.expected, context.path, output),
    effects: context.effects,
    use: (name) => context.use("model", name),
    signal: context.signal,
  });
  const { facts } = reply;
  return { result: resultOf(reply, deps.clock.monotonic() - startedMs), ...(facts ? { facts } : {}) };
}

function resultOf(reply: ModelReply, latencyMs: number): StepResult {
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
  readonly settings: CallSettings;
}

/** The expressions of a prompt in place are evaluated already; those of a named one see the input. */
function promptOf(prompt: Json | undefined, input: JsonObject, context: StepContext): CallPrompt {
  if (prompt === undefined) return { messages: [], settings: {} };
  if (typeof prompt === "string") return renderPrompt(context.asset("prompt", prompt), input);
  if (!isJsonObject(prompt))
    throw new InferenceInputInvalid("prompt", "the name of a prompt, `{ text }` or `{ messages }`");
  if (prompt.text !== undefined)
    return { messages: [{ role: "user", content: textOf(prompt.text) }], settings: {} };
  const messages = Array.isArray(prompt.messages) ? prompt.messages : [];
  return { messages: messages.map(messageOf), settings: {} };
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
