import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import { isJsonObject, type Json, type JsonObject, messageOf, nearestName, toJson } from "../base/index.ts";
import { type Finding, foundText } from "./findings.ts";
import { type Path, textsOf, valueAt } from "./spelling.ts";
import { hasTags } from "./templates.ts";

/** More problems than this of one input help nobody. */
const inputProblemsMax = 20;

/**
 * Checks inputs against a JSON Schema (2020-12). The schema is prepared once; a right input is passed by
 * a validator that stops at the first error, and only a wrong one is walked again for all of them.
 */
export function inputChecker(schema: JsonObject | undefined): (input: Json) => readonly string[] {
  if (schema === undefined) return () => [];
  const check = checker(schema);
  return (input) => check(input).map(({ path, message }) => `${textOf(path, input)}: ${message}`);
}

/** Checks what stands under the key of a kind whose shape is a JSON Schema. */
export interface ConfigChecker {
  /** While it still has expressions: what is wrong whatever they will give. */
  beforeRun(config: JsonObject): readonly Finding[];
  problems(config: JsonObject): readonly string[];
}

export function configChecker(schema: JsonObject): ConfigChecker {
  return { beforeRun: checker(schema, isOpenYet), problems: inputChecker(schema) };
}

/** Errors about the members that are there, whatever their values. */
const ofMembers = new Set(["required", "false", "minProperties", "maxProperties", "dependentRequired"]);

/** Whether an error may go away once the expressions in the value are evaluated. */
function isOpenYet({ keyword, keywordLocation, instanceLocation }: OutputUnit, input: Json): boolean {
  // Which branch is taken hangs on any value.
  const isBranch = /\/(then|else)(\/|$)/.test(keywordLocation);
  const value = isBranch ? input : (valueAt(input, pathOf(instanceLocation)) ?? null);
  return (isBranch || !ofMembers.has(keyword)) && [...textsOf(value)].some(({ text }) => hasTags(text));
}

type Passed = (error: OutputUnit, input: Json) => boolean;

function checker(schema: JsonObject, isPassed: Passed = () => false): (input: Json) => readonly Finding[] {
  // The library marks the schema it is given, and the document must not change.
  const quick = new Validator(structuredClone(schema) as Schema, "2020-12", true);
  const thorough = new Validator(structuredClone(schema) as Schema, "2020-12", false);
  return (input) => {
    try {
      // Objects without a prototype: the library would take `constructor` for a member of any other.
      const plain = toJson(input, "input");
      if (quick.validate(plain).valid) return [];
      const { errors } = thorough.validate(plain);
      return readable(errors, schema, plain, isPassed);
    } catch (error) {
      return [{ path: [], message: `cannot be checked: ${messageOf(error)}` }];
    }
  };
}

/** Errors whose own branches say nothing more: any of them could have been right. */
const alternatives = new Set(["anyOf", "oneOf", "not", "contains", "propertyNames"]);
/** Errors that only say that there is an error further in. */
const wrappers = new Set(
  "properties patternProperties additionalProperties unevaluatedProperties items prefixItems unevaluatedItems allOf $ref if dependentSchemas".split(
    " ",
  ),
);

function readable(
  errors: readonly OutputUnit[],
  schema: JsonObject,
  input: Json,
  isPassed: Passed,
): readonly Finding[] {
  const choices = errors.filter((error) => alternatives.has(error.keyword));
  const isInside = (error: OutputUnit, choice: OutputUnit) =>
    error !== choice && error.keywordLocation.startsWith(`${choice.keywordLocation}/`);
  const leaves = errors.filter(
    (error) => !wrappers.has(error.keyword) && !choices.some((choice) => isInside(error, choice)),
  );
  const found = leaves
    .filter((error) => !isPassed(error, input))
    .map((error) => findingOf(error, schema, input));
  const isSilent = leaves.length === 0 && !errors.some((error) => isPassed(error, input));
  const all = isSilent ? [{ path: [], message: "does not fit the schema" }] : found;
  const unique = new Map(all.map((finding) => [JSON.stringify(finding), finding]));
  return [...unique.values()].slice(0, inputProblemsMax);
}

function findingOf(error: OutputUnit, schema: JsonObject, input: Json): Finding {
  const path = pathOf(error.instanceLocation);
  const value = valueAt(input, path);
  if (error.keyword === "required")
    return { path: [...path, /"(.*)"/s.exec(error.error)?.[1] ?? ""], message: "required" };
  if (error.keyword === "false")
    return { path, message: `not expected${nearestMember(path, schema)}`, at: "key" };
  return { path, message: expectation(error, ruleOf(error, schema), value) };
}

function expectation(error: OutputUnit, rule: Json | undefined, value: Json | undefined): string {
  const found = `, found ${foundText(value)}`;
  const length =
    typeof value === "string" ? [...value].length : Array.isArray(value) ? value.length : undefined;
  switch (error.keyword) {
    case "type":
      return `expected ${listed(rule, " or ")}${found}`;
    case "enum":
      return `expected ${listed(rule, ", ", true)}${found}${typeof value === "string" ? nearestValue(value, rule) : ""}`;
    case "const":
      return `expected ${JSON.stringify(rule)}${found}`;
    case "minLength":
    case "minItems":
      return `expected at least ${rule} ${Array.isArray(value) ? "items" : "characters"}, found ${length}`;
    case "maxLength":
    case "maxItems":
      return `expected at most ${rule} ${Array.isArray(value) ? "items" : "characters"}, found ${length}`;
    case "minimum":
      return `expected at least ${rule}${found}`;
    case "maximum":
      return `expected at most ${rule}${found}`;
    case "exclusiveMinimum":
      return `expected more than ${rule}${found}`;
    case "exclusiveMaximum":
      return `expected less than ${rule}${found}`;
    case "multipleOf":
      return `expected a multiple of ${rule}${found}`;
    case "pattern":
      return `expected text that matches ${rule}${found}`;
    case "format":
      return `expected text in the format ${rule}${found}`;
    case "uniqueItems":
      return "expected no item twice";
    case "anyOf":
    case "oneOf":
      return `expected one of the forms that the schema allows${found}`;
    default:
      return error.error.charAt(0).toLowerCase() + error.error.slice(1).replace(/\.$/, "");
  }
}

function listed(rule: Json | undefined, joint: string, quoted = false): string {
  const list: readonly Json[] = Array.isArray(rule) ? rule : rule === undefined ? [] : [rule];
  return list.map((item) => (quoted ? JSON.stringify(item) : String(item))).join(joint);
}

function nearestValue(value: string, rule: Json | undefined): string {
  const nearest = nearestName(
    value,
    Array.isArray(rule) ? rule.filter((item) => typeof item === "string") : [],
  );
  return nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
}

function nearestMember(path: Path, schema: JsonObject): string {
  const known = path.length === 1 && isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
  const nearest = nearestName(String(path.at(-1)), known);
  return nearest === undefined ? "" : `; did you mean \`${nearest}\`?`;
}

/** The value of the keyword that failed: its location, with references followed. */
function ruleOf(error: OutputUnit, schema: JsonObject): Json | undefined {
  let current: Json | undefined = schema;
  for (const segment of pathOf(error.keywordLocation)) {
    const next = valueAt(current, [segment]);
    current = segment === "$ref" && typeof next === "string" ? valueAt(schema, pathOf(next)) : next;
  }
  return current;
}

/** `#/items/0/name` as a path: JSON Pointer (RFC 6901) in a URI fragment. */
function pathOf(pointer: string): Path {
  const segments = pointer.replace(/^#\/?/, "").split("/");
  return pointer.length < 3
    ? []
    : segments.map((text) => decoded(text).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `input.items[2].name`. */
function textOf(path: Path, input: Json): string {
  return path.reduce<string>((text, segment, index) => {
    const isItem = Array.isArray(valueAt(input, path.slice(0, index)));
    return isItem ? `${text}[${segment}]` : `${text}.${segment}`;
  }, "input");
}
