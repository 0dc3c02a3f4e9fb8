import { dereference } from "@cfworker/json-schema";
import { isJsonObject, type Json, type JsonObject, messageOf } from "../base/index.ts";
import { didYouMean, either, type Finding, foundText } from "./findings.ts";
import type { Path } from "./spelling.ts";

/** What a workflow's `input` has wrong as a JSON Schema (2020-12), and what is only suspect. */
export interface SchemaFindings {
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
}

export const typeNames = ["array", "boolean", "integer", "null", "number", "object", "string"];

/** What stands under a keyword, by the keyword. */
const keywords: Readonly<Record<string, Part>> = {
  ...of("schema", "additionalProperties items not if then else contains propertyNames"),
  ...of("schema", "unevaluatedItems unevaluatedProperties contentSchema"),
  ...of("schemas", "allOf anyOf oneOf prefixItems"),
  ...of("named schemas", "properties patternProperties $defs definitions dependentSchemas"),
  ...of("type", "type"),
  ...of("list", "enum examples"),
  ...of("names", "required"),
  ...of("pattern", "pattern"),
  ...of("text", "$id $schema $ref $anchor $dynamicAnchor $comment title description format"),
  ...of("text", "contentEncoding contentMediaType"),
  ...of("count", "minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains"),
  ...of("number", "minimum maximum exclusiveMinimum exclusiveMaximum"),
  ...of("positive number", "multipleOf"),
  ...of("boolean", "uniqueItems deprecated readOnly writeOnly"),
  ...of("anything", "const default dependentRequired $vocabulary"),
  // The validator would pass over it in silence.
  ...of("unsupported", "$dynamicRef $recursiveRef"),
};

type Part =
  | "schema"
  | "schemas"
  | "named schemas"
  | "type"
  | "list"
  | "names"
  | "pattern"
  | "text"
  | "count"
  | "number"
  | "positive number"
  | "boolean"
  | "anything"
  | "unsupported";

function of(part: Part, names: string): Readonly<Record<string, Part>> {
  return Object.fromEntries(names.split(" ").map((name) => [name, part]));
}

export function checkInputSchema(schema: JsonObject): SchemaFindings {
  const found = { problems: [] as Finding[], warnings: [] as Finding[] };
  visit(schema, [], found);
  if (found.problems.length === 0) found.problems.push(...unresolvedReferences(schema));
  return found;
}

type Found = { readonly problems: Finding[]; readonly warnings: Finding[] };

function visit(schema: Json, path: Path, found: Found): void {
  if (typeof schema === "boolean") return;
  if (!isJsonObject(schema)) {
    found.problems.push({
      path,
      message: `expected a schema: a mapping, true or false, found ${foundText(schema)}`,
    });
    return;
  }
  for (const [keyword, value] of Object.entries(schema)) {
    const at = [...path, keyword];
    const part = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined;
    if (part) visitKeyword(part, value, at, found);
    else if (!keyword.startsWith("x-")) {
      const message = `JSON Schema has no such keyword, so it checks nothing${didYouMean(keyword, Object.keys(keywords))}`;
      found.warnings.push({ path: at, message, at: "key" });
    }
  }
}

function visitKeyword(part: Part, value: Json, path: Path, found: Found): void {
  if (part === "unsupported")
    found.problems.push({ path, message: "is not supported here; use `$ref`", at: "key" });
  const expected = expectedOf(part, value);
  if (expected !== undefined) {
    found.problems.push({
      path,
      message: `expected ${expected}, found ${foundText(value)}${typeHint(part, value)}`,
    });
    return;
  }
  if (part === "schema") visit(value, path, found);
  const members = isJsonObject(value) && part === "named schemas" ? Object.entries(value) : [];
  for (const [name, member] of members) {
    if (path.at(-1) === "patternProperties" && !isPattern(name))
      found.problems.push({ path: [...path, name], message: "expected a regular expression", at: "key" });
    visit(member, [...path, name], found);
  }
  if (Array.isArray(value) && part === "schemas")
    for (const [index, member] of value.entries()) visit(member, [...path, index], found);
}

/** What was expected there, or undefined when it is right. */
function expectedOf(part: Part, value: Json): string | undefined {
  const unless = (isRight: boolean, expected: string) => (isRight ? undefined : expected);
  const isTextList = (list: Json) => Array.isArray(list) && list.every((item) => typeof item === "string");
  switch (part) {
    case "schemas":
      return unless(Array.isArray(value) && value.length > 0, "a list of schemas");
    case "named schemas":
      return unless(isJsonObject(value), "a mapping of schemas by name");
    case "type":
      return unless(isType(value), either(typeNames.map((name) => `\`${name}\``)));
    case "list":
      return unless(Array.isArray(value), "a list");
    case "names":
      return unless(isTextList(value), "a list of names");
    case "pattern":
      return unless(typeof value === "string" && isPattern(value), "a regular expression");
    case "text":
      return unless(typeof value === "string", "text");
    case "count":
      return unless(Number.isInteger(value) && Number(value) >= 0, "a whole number, at least 0");
    case "number":
      return unless(typeof value === "number", "a number");
    case "positive number":
      return unless(typeof value === "number" && value > 0, "a number above 0");
    case "boolean":
      return unless(typeof value === "boolean", "true or false");
    default:
      return undefined;
  }
}

function isType(value: Json): boolean {
  const list: readonly Json[] = Array.isArray(value) ? value : [value];
  return list.length > 0 && list.every((name) => typeof name === "string" && typeNames.includes(name));
}

function typeHint(part: Part, value: Json): string {
  return part === "type" && typeof value === "string" ? didYouMean(value, typeNames) : "";
}

/** JSON Schema's patterns are those of JavaScript with the flag `u`. */
function isPattern(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}

/** References are looked up as the validator will: within the schema, for nothing is fetched. */
function unresolvedReferences(schema: JsonObject): readonly Finding[] {
  // The library writes what it resolves into the schema, so it gets a copy.
  const copy = structuredClone(schema);
  try {
    const known = dereference(copy);
    return [...references(copy, [])]
      .filter(({ target }) => known[target] === undefined)
      .map(({ path, text }) => ({ path, message: `there is nothing at ${text} within this schema` }));
  } catch (error) {
    return [{ path: [], message: `this schema cannot be used: ${messageOf(error)}` }];
  }
}

function* references(
  schema: unknown,
  path: Path,
): Generator<{ readonly path: Path; readonly text: string; readonly target: string }> {
  if (Array.isArray(schema))
    for (const [index, item] of schema.entries()) yield* references(item, [...path, index]);
  else if (typeof schema === "object" && schema !== null) {
    if ("__absolute_ref__" in schema && "$ref" in schema)
      yield { path: [...path, "$ref"], text: String(schema.$ref), target: String(schema.__absolute_ref__) };
    for (const [key, member] of Object.entries(schema)) yield* references(member, [...path, key]);
  }
}
