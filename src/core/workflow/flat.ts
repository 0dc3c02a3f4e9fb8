import { isJsonObject, type Json, type JsonObject } from "../base/index.ts";
import { isBlockName } from "./blocks.ts";
import { shapeOf } from "./explain.ts";
import { stepShape } from "./fields.ts";
import { didYouMean, foundText } from "./findings.ts";
import { fit } from "./fit.ts";
import type { StepKind } from "./kind.ts";
import type { KindRegistry } from "./kinds.ts";
import type { Report } from "./report.ts";
import { camelCase, knownKey, type Path } from "./spelling.ts";

/**
 * How a `type` of the flat form becomes a kind, where its fields have other names there. Gets the fields
 * beside `name`, `type` and the fields of every step, keys in camelCase, and the id of the step whose
 * value is this one's input when the fields give none.
 */
export type FlatForm = Readonly<Record<string, (fields: JsonObject, previous: string | null) => FlatStep>>;

export type FlatStep =
  | { readonly kind: string; readonly config: JsonObject }
  /** What is wrong, and with which of the fields. */
  | { readonly problem: string; readonly field?: string };

interface FlatContext {
  readonly kinds: KindRegistry;
  readonly flat: FlatForm;
  readonly report: Report;
}

/**
 * The steps of `workflow: [{ name, type, … }]` as `{ id, KIND: { … } }`. Dashes and spaces in a name
 * become `_`, since expressions would read a dash as minus.
 */
export function unflatten(steps: readonly Json[], context: FlatContext): readonly Json[] {
  let previous: string | null = null;
  return steps.map((step, index) => {
    if (!isJsonObject(step)) return step;
    const path = ["workflow", index];
    const { name, type, ...rest } = step;
    const own = Object.entries(rest).filter(([key]) => isStepField(key));
    const fields = Object.fromEntries(Object.entries(rest).filter(([key]) => !isStepField(key)));
    const id = typeof name === "string" ? name.trim().replace(/[-\s]+/g, "_") : name;
    const body = bodyOf(type, fields, inputOf(step, previous), path, context);
    if (typeof id === "string") previous = id;
    return { ...(id === undefined ? {} : { id }), ...Object.fromEntries(own), ...body };
  });
}

const isStepField = (key: string) => knownKey(key, stepShape) !== undefined;

/** The step whose value flows in: the last that it needs, or the one above. */
function inputOf(step: JsonObject, above: string | null): string | null {
  if (!Array.isArray(step.needs)) return above;
  const last: Json | undefined = step.needs.at(-1);
  return typeof last === "string" ? last : null;
}

/** `{ KIND: config }`, or nothing with the reason reported. */
function bodyOf(
  type: Json | undefined,
  fields: JsonObject,
  previous: string | null,
  path: Path,
  context: FlatContext,
): JsonObject {
  const { kinds, flat, report } = context;
  if (typeof type !== "string") {
    const found =
      type === undefined ? "`type`: missing; expected" : `\`type\`: found ${foundText(type)}, expected`;
    report.problem([...path, "type"], `${found} the kind of the step`);
    return {};
  }
  if (refuseObjectStorage(fields, path, report)) return {};
  const name = type.replaceAll("-", "_");
  const convert = Object.hasOwn(flat, name) ? flat[name] : undefined;
  const kind = kinds.get(name);
  if (convert) return converted(convert(camelKeys(fields), previous), path, context);
  if (kind) return { [name]: withPrevious(kind, fields, previous) };
  const problem = isBlockName(name)
    ? `\`${name}\` has no flat form: write the workflow with \`steps:\``
    : `unknown type \`${type}\`${didYouMean(name, [...kinds.keys(), ...Object.keys(flat)])}`;
  report.problem([...path, "type"], problem);
  return {};
}

function converted(step: FlatStep, path: Path, { report }: FlatContext): JsonObject {
  if (!("problem" in step)) return { [step.kind]: step.config };
  report.problem(step.field === undefined ? path : [...path, step.field], step.problem);
  return {};
}

function camelKeys(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [camelCase(key), value]));
}

/** A step that is given no input receives the previous value, under the first such field that takes it. */
function withPrevious(kind: StepKind, fields: JsonObject, previous: string | null): JsonObject {
  const shape = shapeOf(kind.config);
  const value = `{{ ${previous}.value }}`;
  const isGiven = ["input", "value"].some((key) => Object.hasOwn(fields, key));
  if (previous === null || isGiven) return fields;
  const key = ["input", "value"].find((name) => {
    const schema = Object.hasOwn(shape, name) ? shape[name] : undefined;
    return schema !== undefined && fit(schema, value, "snake").findings.length === 0;
  });
  return key === undefined ? fields : { ...fields, [key]: value };
}

/** True, with the reason reported, when a field names what is not in a file. */
function refuseObjectStorage(fields: JsonObject, path: Path, report: Report): boolean {
  const isObjectStorage = (value: Json) => typeof value === "string" && value.startsWith("s3://");
  const found = Object.keys(fields).filter((key) => isObjectStorage(fields[key] ?? null));
  for (const key of found)
    report.problem(
      [...path, key],
      `\`${key}\`: object storage (s3://) is not available yet; a local path works`,
    );
  return found.length > 0;
}
