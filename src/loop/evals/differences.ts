import { canonicalJson, isJsonObject, type Json } from "../../core/base/index.ts";

/** A place at which two values differ; absent on one side is undefined there. */
export interface FieldDifference {
  /** `answer.items[2].price`; empty for the value itself. */
  readonly at: string;
  readonly before?: Json;
  readonly after?: Json;
}

export function isSame(one: Json, other: Json): boolean {
  return one === other || canonicalJson(one) === canonicalJson(other);
}

/** Every leaf at which two values differ, in the order of the first one's members. */
export function fieldDifferences(
  before: Json | undefined,
  after: Json | undefined,
  at = "",
): readonly FieldDifference[] {
  if (before === undefined || after === undefined)
    return before === after
      ? []
      : [{ at, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
  if (Array.isArray(before) && Array.isArray(after)) {
    const [one, other]: [readonly Json[], readonly Json[]] = [before, after];
    const length = Math.max(one.length, other.length);
    return Array.from({ length }, (_, index) =>
      fieldDifferences(one[index], other[index], `${at}[${index}]`),
    ).flat();
  }
  if (isJsonObject(before) && isJsonObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) =>
      fieldDifferences(ownOf(before, key), ownOf(after, key), at === "" ? key : `${at}.${key}`),
    );
  }
  return isSame(before, after) ? [] : [{ at, before, after }];
}

/** Every leaf of a value, by its place; an empty list or object is a leaf. */
export function leavesOf(value: Json, at = ""): ReadonlyMap<string, Json> {
  const members = Array.isArray(value)
    ? value.map((item, index) => [`${at}[${index}]`, item] as const)
    : isJsonObject(value)
      ? Object.entries(value).map(([key, member]) => [at === "" ? key : `${at}.${key}`, member] as const)
      : [];
  if (members.length === 0) return new Map([[at, value]]);
  return new Map(members.flatMap(([place, member]) => [...leavesOf(member, place)]));
}

function ownOf(object: { readonly [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
