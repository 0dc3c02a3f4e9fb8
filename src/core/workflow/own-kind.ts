import { z } from "zod";
import { FlyballError, type Json, type JsonObject, type RetryClass } from "../base/index.ts";
import { EffectDenied } from "./errors.ts";
import { type ConfigChecker, configChecker } from "./input-check.ts";
import { checkInputSchema } from "./input-schema.ts";
import type { Effect, StepContext, StepKind, StepResult } from "./kind.ts";

/** A kind of step that a project brings along: the default export of `kinds/NAME.ts`, used as `NAME`. */
export interface OwnKind<Input = JsonObject> {
  /** One line. */
  readonly summary?: string;
  /** A JSON Schema (2020-12) of what stands under the kind's key. Where it has `properties`, others are refused. */
  readonly input?: JsonObject;
  /** What a result has beside `value`. */
  readonly fields?: readonly string[];
  /** What it does to the world; `write` when absent. */
  readonly effect?: Effect;
  /** It calls other services, so that what may pass is tried again by itself. */
  readonly callsOut?: boolean;
  /** May run more than once; `context.key` is the same each time. */
  execute(input: Input, context: OwnKindContext): OwnKindResult | Promise<OwnKindResult>;
}

/** Plain data. */
export type OwnKindResult = { readonly value: unknown; readonly [field: string]: unknown };

/** All that an own kind learns beside its input: no secrets, assets, expressions or other steps. */
export interface OwnKindContext {
  readonly runId: string;
  readonly path: string;
  /** The idempotency key `<run>/<path>`: the same on every attempt and after a resume. */
  readonly key: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Aborts at the step's timeout, at cancel and at shutdown; a result that comes later is refused. */
  readonly signal: AbortSignal;
  /** Chance in [0, 1), the same again for the same attempt. */
  random(): number;
  /** Wall-clock milliseconds. */
  now(): number;
}

export function defineKind<Input = JsonObject>(kind: OwnKind<Input>): OwnKind<Input> {
  return kind;
}

/** Thrown by users' code whose failure may pass: the step's `retry` decides when and how often it is tried again. */
export class RetryLater extends FlyballError {
  readonly code = "RETRY_LATER";
  override readonly retry: RetryClass;
  override readonly retryAfterMs: number | null;
  constructor(message: string, options: { readonly as?: RetryClass; readonly afterMs?: number } = {}) {
    super(message);
    this.retry = options.as ?? "server";
    this.retryAfterMs = options.afterMs ?? null;
  }
}

/** What a step of an own kind was given does not fit the kind's schema, once its expressions were evaluated. */
export class KindInputInvalid extends FlyballError {
  readonly code = "KIND_INPUT_INVALID";
  override readonly status = 422;
  readonly problems: readonly string[];
  constructor(kind: string, problems: readonly string[]) {
    super(`The input does not fit the kind ${kind}: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/** What the engine knows of an own kind without its code. */
export interface OwnKindFacts {
  readonly summary: string;
  readonly input: JsonObject;
  readonly fields: readonly string[];
  readonly effect: Effect;
  readonly callsOut: boolean;
}

/** A problem with the default export, or what the engine keeps of it. */
export function ownKindFacts(exported: unknown): OwnKindFacts | string {
  if (typeof exported !== "object" || exported === null || !("execute" in exported))
    return "its default export is no kind; expected `export default defineKind({ … })`";
  const parsed = definition.safeParse(exported);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  const { summary, input, fields, effect, callsOut } = parsed.data;
  const [problem] = checkInputSchema(input).problems;
  if (problem) return `${["input", ...problem.path].join(".")}: ${problem.message}`;
  return { summary, input: closed(input), fields, effect, callsOut };
}

const fieldExpected = "expected a name, and none that every result has (value, simulated, skipped)";
const definition = z.object({
  summary: z.string().default(""),
  input: z
    .record(z.string(), z.json())
    .default({ type: "object" })
    .refine(({ type }) => type === undefined || type === "object", {
      error: "expected the schema of a mapping: what stands under the kind's key is one",
    }),
  fields: z
    .array(z.string().regex(/^(?!(value|simulated|skipped)$)[a-z][A-Za-z0-9_]*$/, { error: fieldExpected }))
    .default([]),
  effect: z.enum(["none", "read", "write", "irreversible"]).default("write"),
  callsOut: z.boolean().default(false),
  execute: z.custom((value) => typeof value === "function", { error: "expected a function" }),
});

/** A member with a typing error must not be passed over in silence. */
function closed(schema: JsonObject): JsonObject {
  const isClosed = "properties" in schema && !("additionalProperties" in schema || "allOf" in schema);
  return { type: "object", ...schema, ...(isClosed ? { additionalProperties: false } : {}) };
}

/** An own kind as the engine has it; `run` does the step where the code lives. */
export function ownStepKind(
  name: string,
  facts: OwnKindFacts,
  run: (input: JsonObject, context: StepContext) => Promise<StepResult>,
): StepKind {
  const { summary, input, fields, callsOut } = facts;
  let made: ConfigChecker | undefined;
  const checker = () => {
    made ??= configChecker(input);
    return made;
  };
  const isSafe = facts.effect === "none" || facts.effect === "read";
  return {
    name,
    summary,
    config: z.record(z.string(), z.json()),
    fields: [...fields, "simulated"],
    callsOut,
    runsUserCode: true,
    effect: () => facts.effect,
    references: () => [{ kind: "kind", name, path: [] }],
    check: (config) => checker().beforeRun(config),
    async execute(config, context) {
      const problems = checker().problems(config);
      if (problems.length > 0) throw new KindInputInvalid(name, problems);
      if (context.effects === "denied" && !isSafe) throw new EffectDenied(`The kind ${name}`, facts.effect);
      const none = Object.fromEntries(fields.map((field): [string, Json] => [field, null]));
      if (context.effects === "simulated" && !isSafe)
        return { result: { ...none, value: null, simulated: true } };
      return { result: { ...none, ...(await run(config, context)), simulated: false } };
    },
  };
}
