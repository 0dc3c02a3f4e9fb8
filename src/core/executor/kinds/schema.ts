import { type Schema, Validator } from "@cfworker/json-schema";
import { isJsonObject, type Json, type JsonObject, messageOf } from "../../base/index.ts";
import { SchemaInvalid } from "./errors.ts";

/** One way in which a value differs from its schema: `at` is a path such as `items[2].price`, empty for the value itself. */
export interface Mismatch {
  readonly at: string;
  readonly message: string;
}

/** More than this many mismatches of one value help nobody. */
const mismatchesMax = 50;

/** Validators by schema: a pinned schema is the same object on every step. */
const validators = new WeakMap<JsonObject, Validator>();

/** Checks a value against a JSON Schema (2020-12, or the draft that `$schema` names). Throws `SchemaInvalid`. */
export function schemaMismatches(schema: JsonObject, value: Json): readonly Mismatch[] {
  const { errors } = usable(() => validatorOf(schema).validate(value));
  // Each keyword on the way down reports that something below it is wrong; only what is lowest tells what.
  const told = errors.filter(
    (error) =>
      !errors.some((other) => other !== error && isBelow(other.keywordLocation, error.keywordLocation)),
  );
  return (told.length > 0 ? told : errors)
    .filter((error) => error.keyword !== "false")
    .slice(0, mismatchesMax)
    .map((error) => ({ at: pathOf(error.instanceLocation), message: error.error }));
}

const types = new Set(["array", "boolean", "integer", "null", "number", "object", "string"]);
/** Members that hold values, not schemas. */
const plainMembers = new Set(["const", "default", "enum", "example", "examples"]);

/** Why a schema cannot be used, or undefined. The validator itself would notice only when a value gets there. */
export function schemaProblem(schema: JsonObject, root: JsonObject = schema): string | undefined {
  for (const [name, member] of Object.entries(schema)) {
    if (plainMembers.has(name)) continue;
    const problem = wordProblem(name, member, root) ?? nestedProblem(member, root);
    if (problem) return problem;
  }
  return undefined;
}

function nestedProblem(member: Json, root: JsonObject): string | undefined {
  const nested = Array.isArray(member) ? member : [member];
  for (const item of nested) {
    const problem = isJsonObject(item) ? schemaProblem(item, root) : undefined;
    if (problem) return problem;
  }
  return undefined;
}

/** A property that is called `type` has an object here, and is no word of the schema. */
function wordProblem(name: string, member: Json, root: JsonObject): string | undefined {
  const texts = [member].flat().filter((item) => typeof item === "string");
  if (name === "type") {
    const unknown = texts.find((type) => !types.has(type));
    return unknown === undefined ? undefined : `"${unknown}" is no type: expected ${[...types].join(", ")}`;
  }
  if (name === "pattern" && typeof member === "string") return patternProblem(member);
  if (name === "$ref" && typeof member === "string" && member.startsWith("#/") && !resolves(member, root))
    return `$ref "${member}" leads nowhere`;
  return undefined;
}

function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern, "u");
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function resolves(reference: string, root: JsonObject): boolean {
  let at: Json | undefined = root;
  for (const name of pointerParts(reference)) {
    if (Array.isArray(at)) at = at[Number(name)];
    else at = isJsonObject(at) ? at[name] : undefined;
  }
  return at !== undefined;
}

function validatorOf(schema: JsonObject): Validator {
  let validator = validators.get(schema);
  if (!validator) {
    validator = new Validator(schema as Schema, draftOf(schema), false);
    validators.set(schema, validator);
  }
  return validator;
}

function draftOf(schema: JsonObject): "4" | "7" | "2019-09" | "2020-12" {
  const named = typeof schema.$schema === "string" ? schema.$schema : "";
  if (named.includes("draft-04")) return "4";
  if (named.includes("draft-06") || named.includes("draft-07")) return "7";
  return named.includes("2019-09") ? "2019-09" : "2020-12";
}

function usable<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    throw new SchemaInvalid(messageOf(error).split("\n", 1)[0] ?? "");
  }
}

function isBelow(location: string, above: string): boolean {
  return location.startsWith(`${above}/`);
}

/** `#/items/2/price` as `items[2].price`. */
function pathOf(pointer: string): string {
  const names = pointerParts(pointer);
  return names
    .map((name, index) => (/^\d+$/.test(name) ? `[${name}]` : `${index > 0 ? "." : ""}${name}`))
    .join("");
}

function pointerParts(pointer: string): string[] {
  const parts = pointer.split("/").slice(1);
  return parts.map((part) => decoded(part).replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Percent signs that encode nothing stand for themselves. */
function decoded(part: string): string {
  return part.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) =>
    Buffer.from(bytes.replaceAll("%", ""), "hex").toString(),
  );
}
