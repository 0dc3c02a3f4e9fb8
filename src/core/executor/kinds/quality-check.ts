import { z } from "zod";
import {
  assert,
  canonicalJson,
  FlyballError,
  isJsonObject,
  type Json,
  type JsonObject,
  sha256,
} from "../../base/index.ts";
import {
  type Asset,
  parseTemplate,
  type StepContext,
  type StepKind,
  type StepOutcome,
  type Template,
  WorkflowInvalid,
} from "../../workflow/index.ts";
import { QualityCheckFailed } from "./errors.ts";
import { isExpression } from "./names.ts";
import { schemaMismatches, schemaProblem } from "./schema.ts";
import { checkedSource, type Place, readSource } from "./source.ts";

const rule = z.strictObject({
  name: z.string().min(1),
  check: z.string().min(1).describe("An expression in {{ }} over `value` that must be true."),
  message: z.string().optional().describe("What to say when it is not; may hold expressions."),
  severity: z
    .enum(["error", "warning"])
    .optional()
    .describe("A warning is told, and does not fail the check."),
});
type Rule = z.infer<typeof rule>;

const jsonObject = z.record(z.string(), z.unknown());

/**
 * `quality_check: { value, schema, rules, ruleset, on_fail }`: lets a value pass that fits a JSON Schema
 * and of which every rule is true. A rule that cannot be evaluated counts as failed, never as passed.
 * `on_fail: report` goes on with `passed` false; otherwise the step fails and names the rules.
 */
export const qualityCheck: StepKind = {
  name: "quality_check",
  summary: "Checks a value against a JSON Schema and rules.",
  config: z.strictObject({
    value: z.unknown(),
    schema: jsonObject.optional().describe("A JSON Schema for the value."),
    rules: z.array(rule).optional(),
    ruleset: z.string().min(1).optional().describe("The name of a file of rules."),
    onFail: z.enum(["fail", "report"]).optional(),
  }),
  fields: ["passed", "failures"],
  callsOut: false,
  raw: ["schema"],
  lazy: { rules: ["value"] },
  effect: () => "none",
  references: ({ ruleset }) =>
    typeof ruleset === "string" && !isExpression(ruleset)
      ? [{ kind: "ruleset", name: ruleset, path: ["ruleset"] }]
      : [],
  check,
  execute(config, context): StepOutcome {
    const value = config.value ?? null;
    const failures = failuresOf(value, config, context);
    const passed = failures.every((failure) => failure.severity === "warning");
    if (!passed && config.onFail !== "report")
      throw new QualityCheckFailed(failures.filter((failure) => failure.severity === "error"));
    return { result: { value, passed, failures } };
  },
};

type Failure = { readonly name: string; readonly message: string; readonly severity: "error" | "warning" };

function failuresOf(value: Json, config: JsonObject, context: StepContext): readonly Failure[] {
  const ruleset =
    typeof config.ruleset === "string" ? context.asset("ruleset", config.ruleset).content : null;
  const failures: Failure[] = [];
  for (const { schema, rules } of [contentOf(config), contentOf(ruleset)]) {
    for (const { at, message } of schema ? schemaMismatches(schema, value) : [])
      failures.push({ name: "schema", message: `${at ? `${at}: ` : ""}${message}`, severity: "error" });
    for (const each of rules) {
      const message = ruleFailure(each, value, context);
      if (message !== undefined)
        failures.push({ name: each.name, message, severity: each.severity ?? "error" });
    }
  }
  return failures;
}

/** Configs and ruleset files have been checked at load, so what does not fit here is a mistake of ours. */
function contentOf(content: Json): { schema: JsonObject | undefined; rules: readonly Rule[] } {
  if (!isJsonObject(content)) return { schema: undefined, rules: [] };
  const rules = z.array(rule).safeParse(content.rules ?? []);
  assert(rules.success, "the rules of a quality check have been checked");
  return { schema: isJsonObject(content.schema) ? content.schema : undefined, rules: rules.data };
}

/** Only `true` passes: a text such as "False" would otherwise count as true. */
function ruleFailure(each: Rule, value: Json, context: StepContext): string | undefined {
  const answer = attempt(() => context.evaluate(each.check, { value }));
  if (typeof answer === "object" && "error" in answer) return `could not be evaluated: ${answer.error}`;
  if (answer.value === true) return undefined;
  if (answer.value !== false) return `gave ${shortened(answer.value)}; expected true or false`;
  if (each.message === undefined) return `${each.check} is not true`;
  const { message } = each;
  if (!isExpression(message)) return message;
  const told = attempt(() => context.evaluate(message, { value }));
  return "error" in told ? message : String(told.value);
}

function attempt(evaluate: () => Json): { value: Json } | { error: string } {
  try {
    return { value: evaluate() };
  } catch (error) {
    if (error instanceof FlyballError) return { error: error.message };
    throw error;
  }
}

function shortened(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

type Finding = { path: (string | number)[]; message: string };

function check(config: JsonObject): Finding[] {
  const problems = contentProblems(config);
  if (["schema", "rules", "ruleset"].every((name) => config[name] === undefined))
    problems.push({ path: [], message: "checks nothing: expected schema, rules or ruleset" });
  if (isExpression(config.ruleset))
    problems.push({
      path: ["ruleset"],
      message: "must be the name itself, no expression: a run pins the rules that it uses",
    });
  return problems;
}

function contentProblems(content: JsonObject): Finding[] {
  const problems: Finding[] = [];
  for (const [index, each] of (Array.isArray(content.rules) ? content.rules : []).entries()) {
    const tell = (field: string, message: string) =>
      problems.push({ path: ["rules", index, field], message });
    const { check: written, message }: JsonObject = isJsonObject(each) ? each : {};
    const template = typeof written === "string" ? templateOf(written) : undefined;
    if (typeof template === "string") tell("check", template);
    else if (template && !template.isExpression) tell("check", "expected one expression in {{ }}");
    const told = typeof message === "string" ? templateOf(message) : undefined;
    if (typeof told === "string") tell("message", told);
  }
  const problem = isJsonObject(content.schema) ? schemaProblem(content.schema) : undefined;
  if (problem) problems.push({ path: ["schema"], message: problem });
  return problems;
}

/** A template, or what is wrong with it. */
function templateOf(text: string): Template | string {
  try {
    return parseTemplate(text);
  } catch (error) {
    if (error instanceof FlyballError) return error.message;
    throw error;
  }
}

const rulesetFile = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  schema: jsonObject.optional(),
  rules: z.array(rule).default([]),
});
const rulesetFields = ["name", "description", "schema", "rules", "check", "message", "severity"];

/**
 * A file of rules, YAML or JSON: a list of rules, or `{ description, schema, rules }`. Throws
 * `WorkflowInvalid` with the line and column of every problem.
 */
export function loadRuleset(options: { file: string; text: string; name: string }): Asset {
  const source = readSource(options.file, options.text);
  const isList = Array.isArray(source.value);
  const shaped = isList ? { ...source, value: { rules: source.value } } : source;
  const locate = (place: Place) => (isList ? place.slice(1) : place);
  const problem = (place: Place, message: string) => source.problem(locate(place), message);
  const { schema, rules } = checkedSource({ ...shaped, problem }, rulesetFile, rulesetFields);
  const content: JsonObject = JSON.parse(JSON.stringify({ ...(schema ? { schema } : {}), rules }));
  const problems = contentProblems(content).map(({ path, message }) => problem(path, message));
  if (!schema && rules.length === 0)
    problems.push(problem([], "has no rules: expected a list of { name, check }"));
  if (problems.length > 0) throw new WorkflowInvalid(problems);
  return { kind: "ruleset", name: options.name, digest: sha256(canonicalJson(content)), content };
}
