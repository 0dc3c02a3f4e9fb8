import { z } from "zod";
import { assert, isJsonObject, type Json, type JsonObject } from "../base/index.ts";
import { defOf, expectedText, explain, pathOf, titleOf } from "./explain.ts";
import { either, type Finding, foundText, nearestKnown } from "./findings.ts";
import { knownKey, type Path, type Spelling, spelled, valueAt } from "./spelling.ts";

/** What a value became under a schema: with the keys of the schema, or with what is wrong. */
export interface Fitted {
  /** With known keys in camelCase and user data untouched, whether it fits or not. */
  readonly respelled: Json;
  /** What the schema made of it; undefined when there are findings. */
  readonly data: unknown;
  readonly findings: readonly Finding[];
}

/**
 * Holds a value against a schema in either spelling. Only keys that the schema knows are renamed, so
 * what stands in records and in free-form members stays as it was written. Keys that it does not know
 * are findings even where zod would drop them in silence.
 */
export function fit(schema: z.core.$ZodType, value: Json, spelling: Spelling): Fitted {
  const walk: Walk = { spelling, findings: [], unions: [] };
  const respelled = respell(schema, value, [], walk);
  const parsed = z.safeParse(schema, respelled);
  const findings = parsed.success
    ? walk.findings
    : [...walk.findings, ...explainAll(parsed.error, schema, respelled, walk)];
  assert(parsed.success || findings.length > 0, "a schema refused a value without saying why");
  return { respelled, data: parsed.success && findings.length === 0 ? parsed.data : undefined, findings };
}

export type Shape = Readonly<Record<string, z.ZodType>>;
export type MembersOf<S extends Shape> = { readonly [K in keyof S]?: z.output<S[K]> };

/**
 * Each member of a mapping on its own, so that one that is wrong does not hide the others: `data` has
 * those that fit, `written` all that the shape knows.
 */
export function fitMembers<S extends Shape>(
  shape: S,
  value: JsonObject,
  spelling: Spelling,
): { readonly data: MembersOf<S>; readonly written: JsonObject; readonly findings: readonly Finding[] } {
  const walk: Walk = { spelling, findings: [], unions: [] };
  const written = renameKeys(shape, value, [], walk, true);
  const meant = new Set(walk.findings.map((finding) => finding.meant));
  const data: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(shape)) {
    const member = written[key];
    const fitted = member === undefined ? fitAbsent(schema) : fit(schema, member, spelling);
    if (fitted.findings.length === 0 && fitted.data !== undefined) data[key] = fitted.data;
    if (member === undefined && meant.has(key)) continue;
    for (const finding of fitted.findings) walk.findings.push({ ...finding, path: [key, ...finding.path] });
  }
  // Each member has been parsed by the schema of its key.
  return { data: data as MembersOf<S>, written, findings: walk.findings };
}

function fitAbsent(schema: z.ZodType): Pick<Fitted, "data" | "findings"> {
  const parsed = z.safeParse(schema, undefined);
  if (parsed.success) return { data: parsed.data, findings: [] };
  return { data: undefined, findings: [{ path: [], message: `missing; expected ${expectedText(schema)}` }] };
}

interface Walk {
  readonly spelling: Spelling;
  readonly findings: Finding[];
  /** The paths of the unions of which no option fits. */
  readonly unions: string[];
  /** One side of an intersection: what it does not know, the other may. */
  readonly keepsUnknown?: boolean;
}

function respell(schema: z.core.$ZodType, value: Json, path: Path, walk: Walk): Json {
  const def = defOf(schema);
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return respell(def.innerType, value, path, walk);
    case "lazy":
      return respell(def.getter(), value, path, walk);
    case "pipe":
      return respell(defOf(def.in).type === "transform" ? def.out : def.in, value, path, walk);
    case "union":
      return respellUnion(schema, def.options, value, path, walk);
    case "intersection":
      return respellIntersection(def.left, def.right, value, path, walk);
    case "array":
      return Array.isArray(value)
        ? value.map((item, i) => respell(def.element, item, [...path, i], walk))
        : value;
    case "tuple":
      return respellTuple(def, value, path, walk);
    case "record":
      return isJsonObject(value)
        ? mapMembers(value, (member, key) => respell(def.valueType, member, [...path, key], walk))
        : value;
    case "object":
      return isJsonObject(value) ? respellObject(def, value, path, walk) : value;
    default:
      return value;
  }
}

function respellObject(def: z.core.$ZodObjectDef, value: JsonObject, path: Path, walk: Walk): Json {
  const catchall = def.catchall;
  const isClosed = catchall === undefined || defOf(catchall).type === "never";
  const renamed = renameKeys(def.shape, value, path, walk, isClosed);
  return mapMembers(renamed, (member, key) => {
    const schema = Object.hasOwn(def.shape, key) ? def.shape[key] : catchall;
    return schema ? respell(schema, member, [...path, key], walk) : member;
  });
}

function respellTuple(def: z.core.$ZodTupleDef, value: Json, path: Path, walk: Walk): Json {
  if (!Array.isArray(value)) return value;
  return value.map((item: Json, index) => {
    const schema = def.items[index] ?? def.rest;
    return schema ? respell(schema, item, [...path, index], walk) : item;
  });
}

/** Keys in camelCase; those that a closed shape does not have become findings and are left out. */
function renameKeys(
  shape: Readonly<Record<string, unknown>>,
  value: JsonObject,
  path: Path,
  walk: Walk,
  isClosed: boolean,
): JsonObject {
  const renamed: Record<string, Json> = {};
  for (const [written, member] of Object.entries(value)) {
    const key = knownKey(written, shape) ?? (isClosed ? undefined : written);
    const at = { path: [...path, written], at: "key" } as const;
    if (key === undefined) walk.findings.push({ ...at, ...unknownField(written, shape, walk.spelling) });
    if (key === undefined && walk.keepsUnknown) renamed[written] = member;
    if (key === undefined) continue;
    else if (Object.hasOwn(renamed, key))
      walk.findings.push({ ...at, message: "is here twice, in two spellings" });
    else renamed[key] = member;
  }
  return renamed;
}

function unknownField(
  written: string,
  shape: Readonly<Record<string, unknown>>,
  spelling: Spelling,
): Pick<Finding, "message" | "meant"> {
  const known = new Map(Object.keys(shape).map((key) => [spelled(key, spelling), key]));
  const nearest = nearestKnown(written, known.keys());
  const meant = nearest === undefined ? undefined : known.get(nearest);
  if (meant !== undefined) return { message: `unknown field; did you mean \`${nearest}\`?`, meant };
  return {
    message: known.size > 8 ? "unknown field" : `unknown field; expected ${either([...known.keys()])}`,
  };
}

/** The first option that fits; else the findings of the one that comes nearest, or what all of them take. */
function respellUnion(
  schema: z.core.$ZodType,
  options: readonly z.core.$ZodType[],
  value: Json,
  path: Path,
  walk: Walk,
): Json {
  if (!hasKeys(schema) && z.safeParse(schema, value).success) return value;
  let nearest: Fitted | undefined;
  for (const option of options) {
    const fitted = fit(option, value, walk.spelling);
    if (fitted.findings.length === 0) return fitted.respelled;
    const isNearer = !nearest || fitted.findings.length < nearest.findings.length;
    if (isNearer && !isOfOtherType(option, fitted)) nearest = fitted;
  }
  walk.unions.push(keyOfPath(path));
  if (!nearest || (titleOf(schema) && (typeof value !== "object" || value === null)))
    walk.findings.push({ path, message: `expected ${expectedText(schema)}, found ${foundText(value)}` });
  else
    for (const finding of nearest.findings)
      walk.findings.push({ ...finding, path: [...path, ...finding.path] });
  return nearest?.respelled ?? value;
}

const keyed = new WeakMap<z.core.$ZodType, boolean>();

/** Whether a schema has keys of its own anywhere: user data, such as `z.json()`, need no walk through them. */
function hasKeys(schema: z.core.$ZodType): boolean {
  const known = keyed.get(schema) ?? hasKeysInside(schema, new Set());
  keyed.set(schema, known);
  return known;
}

function hasKeysInside(schema: z.core.$ZodType, seen: Set<z.core.$ZodType>): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  const inside = (inner: z.core.$ZodType) => hasKeysInside(inner, seen);
  const def = defOf(schema);
  switch (def.type) {
    case "object":
    case "intersection":
      return true;
    case "union":
      return def.options.some(inside);
    case "array":
      return inside(def.element);
    case "tuple":
      return def.items.some(inside) || (def.rest !== null && inside(def.rest));
    case "record":
      return inside(def.valueType);
    case "lazy":
      return inside(def.getter());
    case "pipe":
      return inside(def.in) || inside(def.out);
    default:
      return "innerType" in def && inside(def.innerType);
  }
}

/** An option that was surely not meant: of another type, or a text that is no expression. */
function isOfOtherType(option: z.core.$ZodType, { findings }: Fitted): boolean {
  return findings.some(({ path, isType }) => path.length === 0 && (isType || titleOf(option) !== undefined));
}

/** A key of an intersection is known when either side knows it. */
function respellIntersection(
  left: z.core.$ZodType,
  right: z.core.$ZodType,
  value: Json,
  path: Path,
  walk: Walk,
): Json {
  const quiet = (): Walk => ({ ...walk, findings: [], unions: [], keepsUnknown: true });
  const [first, second] = [quiet(), quiet()];
  const both = respell(right, respell(left, value, path, first), path, second);
  const isIn = (finding: Finding, others: readonly Finding[]) =>
    others.some((other) => keyOfPath(other.path) === keyOfPath(finding.path));
  walk.findings.push(...first.findings.filter((finding) => isIn(finding, second.findings)));
  return both;
}

function mapMembers(value: JsonObject, change: (member: Json, key: string) => Json): JsonObject {
  const out: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) out[key] = change(member, key);
  return out;
}

/** What zod says beside what has been said on the way down, better than zod can: unions and unknown keys. */
function explainAll(
  error: z.core.$ZodError,
  schema: z.core.$ZodType,
  value: Json,
  walk: Walk,
): readonly Finding[] {
  const issues = error.issues.filter((issue) => !isSaid(issue, value, walk));
  const findings = issues.map((issue) => explain(issue, schema, value));
  if (findings.length > 0 || walk.findings.length > 0) return findings;
  return error.issues.map((issue) => ({ path: pathOf(issue), message: issue.message }));
}

function isSaid(issue: z.core.$ZodIssue, value: Json, { findings, unions }: Walk): boolean {
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys") return true;
  if (issue.code === "invalid_union" && valueAt(value, path) !== undefined) return true;
  const parent = keyOfPath(path.slice(0, -1));
  const whole = keyOfPath(path);
  if (unions.some((union) => whole === union || whole.startsWith(`${union}\0`))) return true;
  // A key that is only misspelt is not missing, and a mapping without it is not to be judged as a whole.
  return findings.some((finding) => {
    const around = keyOfPath(finding.path.slice(0, -1));
    if (finding.at !== "key") return false;
    return (
      (issue.code === "custom" && around === whole) || (around === parent && finding.meant === path.at(-1))
    );
  });
}

const keyOfPath = (path: Path) => ["", ...path].join("\0");
