import { assert, isJsonObject, type Json, type JsonObject } from "../base/index.ts";
import type { Evaluator } from "./definition.ts";
import { parseTemplate } from "./expressions/index.ts";
import type { StepKind } from "./kind.ts";
import { hasTags } from "./templates.ts";

// Evaluators run once for each step of each run, so everything that can be known is settled here: what
// has no expression in it is handed out as it is, and never copied.

/** A value that is always the same, or one that depends on the scope. */
type Compiled = { readonly constant: Json } | { readonly evaluate: Evaluator };

export function compileValue(value: Json): Evaluator {
  return evaluatorOf(compiled(value));
}

/** A config: raw fields are never read, and lazy ones are left for the kind to evaluate. */
export function compileConfig(config: JsonObject, kind: StepKind): Evaluator {
  const isLeft = (field: string) =>
    kind.raw?.includes(field) || (kind.lazy && Object.hasOwn(kind.lazy, field));
  const parts = Object.entries(config).map(
    ([field, value]) => [field, isLeft(field) ? { constant: value } : compiled(value)] as const,
  );
  return evaluatorOf(compiledObject(config, parts));
}

function evaluatorOf(part: Compiled): Evaluator {
  if ("evaluate" in part) return part.evaluate;
  const { constant } = part;
  return () => constant;
}

function compiled(value: Json): Compiled {
  if (typeof value === "string") return compiledText(value);
  if (Array.isArray(value)) return compiledList(value);
  if (!isJsonObject(value)) return { constant: value };
  return compiledObject(
    value,
    Object.entries(value).map(([key, member]) => [key, compiled(member)] as const),
  );
}

function compiledText(text: string): Compiled {
  if (!hasTags(text)) return { constant: text };
  const template = parseTemplate(text);
  return { evaluate: (scope) => template.evaluate(scope) };
}

function compiledList(list: readonly Json[]): Compiled {
  const parts = list.map(compiled);
  if (parts.every((part) => "constant" in part)) return { constant: list };
  const evaluators = parts.map(evaluatorOf);
  return { evaluate: (scope) => evaluators.map((evaluate) => evaluate(scope)) };
}

function compiledObject(object: JsonObject, parts: readonly (readonly [string, Compiled])[]): Compiled {
  if (parts.every(([, part]) => "constant" in part)) return { constant: object };
  const members = parts.map(([key, part]) => {
    assert(key !== "__proto__", "the loader lets no member of this name through");
    return { key, evaluate: evaluatorOf(part) };
  });
  return {
    evaluate(scope) {
      const out: Record<string, Json> = {};
      for (const { key, evaluate } of members) out[key] = evaluate(scope);
      return out;
    },
  };
}
