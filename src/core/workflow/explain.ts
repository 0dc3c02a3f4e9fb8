import { z } from "zod";
import type { Json } from "../base/index.ts";
import { didYouMean, either, type Finding, foundText } from "./findings.ts";
import { type Path, valueAt } from "./spelling.ts";

// What zod knows, in words: what a schema takes, and what is wrong with a value that it refuses.

/** Zod's schemas as the union by `def.type` that its own guide for library authors recommends. */
export const defOf = (schema: z.core.$ZodType) => (schema as z.core.$ZodTypes)._zod.def;

export const titleOf = (schema: z.core.$ZodType) => z.globalRegistry.get(schema)?.title;

export const pathOf = (issue: z.core.$ZodIssue): Path =>
  issue.path.map((segment) => (typeof segment === "number" ? segment : String(segment)));

/** Messages of zod's own; anything else was written by the author of the schema and stays. */
const ownMessage = /^(Invalid|Too (small|big)|Unrecognized)/;

export function explain(issue: z.core.$ZodIssue, schema: z.core.$ZodType, value: Json): Finding {
  const path = pathOf(issue);
  const there = valueAt(value, path);
  const isWritten = ownMessage.test(issue.message);
  if (issue.code === "invalid_type" && issue.expected === "never")
    return { path, message: issue.message, at: "key" };
  if (!isWritten) return { path, message: there === undefined ? `missing; ${issue.message}` : issue.message };
  const isType = issue.code === "invalid_type" || issue.code === "invalid_value";
  if (there === undefined) return { path, isType, message: `missing; expected ${expectedAt(schema, path)}` };
  const expected = expectation(issue, there);
  const nearest =
    issue.code === "invalid_value" && typeof there === "string"
      ? didYouMean(there, issue.values.map(String))
      : "";
  return { path, isType, message: `expected ${expected}, found ${foundText(there)}${nearest}` };
}

const typeWords: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a mapping",
  record: "a mapping",
  null: "nothing",
  any: "any value",
  unknown: "any value",
};

function expectation(issue: z.core.$ZodIssue, value: Json | undefined): string {
  switch (issue.code) {
    case "invalid_type":
      return typeWords[issue.expected] ?? issue.expected;
    case "invalid_value":
      return either(issue.values.map((word) => `\`${String(word)}\``));
    case "too_small":
      return `${issue.inclusive === false ? "more than" : "at least"} ${counted(issue.minimum, value)}`;
    case "too_big":
      return `${issue.inclusive === false ? "less than" : "at most"} ${counted(issue.maximum, value)}`;
    case "invalid_format":
      return issue.pattern ? `text that matches ${issue.pattern}` : `text in the format ${issue.format}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    default:
      return "another value";
  }
}

function counted(count: number | bigint, value: Json | undefined): string {
  const unit = typeof value === "string" ? "character" : Array.isArray(value) ? "item" : "member";
  return typeof value === "number" ? String(count) : `${count} ${unit}${Number(count) === 1 ? "" : "s"}`;
}

/** What a schema takes at a path within it, in words. */
function expectedAt(schema: z.core.$ZodType, path: Path): string {
  let current: z.core.$ZodType | undefined = schema;
  for (const segment of path) {
    const shape: Readonly<Record<string, z.core.$ZodType>> = current ? shapeOf(current) : {};
    const def: z.core.$ZodTypes["_zod"]["def"] | undefined = current && defOf(current);
    if (def?.type === "array") current = def.element;
    else current = Object.hasOwn(shape, segment) ? shape[segment] : undefined;
  }
  return current ? expectedText(current) : "a value";
}

/** What a schema takes, in words: its title where it has one. */
export function expectedText(schema: z.core.$ZodType): string {
  const words = [...new Set(expectations(schema))];
  return words.length > 5 ? "any value" : either(words);
}

function expectations(schema: z.core.$ZodType): readonly string[] {
  const title = titleOf(schema);
  if (title) return [title];
  const def = defOf(schema);
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return expectations(def.innerType);
    case "lazy":
      return expectations(def.getter());
    case "pipe":
      return expectations(defOf(def.in).type === "transform" ? def.out : def.in);
    case "union":
      return def.options.flatMap(expectations);
    case "literal":
      return def.values.map((value) => `\`${String(value)}\``);
    case "number":
      return ["format" in def ? "a whole number" : "a number"];
    case "enum":
      return Object.values(def.entries).map((value) => `\`${value}\``);
    default:
      return [typeWords[def.type] ?? "another value"];
  }
}

/** The members of a schema of objects; of a union, those of its first option that is one. */
export function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> {
  const def = defOf(schema);
  switch (def.type) {
    case "object":
      return def.shape;
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return shapeOf(def.innerType);
    case "lazy":
      return shapeOf(def.getter());
    case "pipe":
      return shapeOf(defOf(def.in).type === "transform" ? def.out : def.in);
    case "union":
      return def.options.map(shapeOf).find((shape) => Object.keys(shape).length > 0) ?? {};
    default:
      return {};
  }
}
