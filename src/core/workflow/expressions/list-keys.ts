import { textArgument } from "./calls.ts";
import { compare, undefinedUse } from "./operations.ts";
import type { Run } from "./run.ts";
import { isInteger, memberOf, Tuple, Undefined, type Value, whyMissing } from "./values.ts";

export type Key = (item: Value) => Value;

interface GetterOptions {
  /** Given where the last member of a path is absent; otherwise that is undefined. */
  readonly fallback?: Value;
  readonly fold?: Key;
}

/**
 * What an `attribute` argument reads of an item: `"name"`, a path `"a.b.0"`, an index, several with
 * commas between them (then a tuple), or with null the item itself.
 */
export function attributeGetter(run: Run, attribute: Value, options: GetterOptions = {}): Key {
  const { fallback, fold = asItIs } = options;
  if (attribute === null) return fold;
  if (isInteger(attribute)) return (item) => fold(readPath(run, item, [Number(attribute)], fallback));
  const paths = textArgument(run, attribute, "attribute", "").split(",").map(pathOf);
  const [only] = paths;
  if (only && paths.length === 1) return (item) => fold(readPath(run, item, only, fallback));
  return (item) => new Tuple(paths.map((path) => fold(readPath(run, item, path, fallback))));
}

/** The key of an item by an `attribute`, upper and lower case not told apart unless that is wanted. */
export function itemKey(run: Run, attribute: Value, caseSensitive: boolean, fallback?: Value): Key {
  const fold = caseSensitive ? asItIs : foldCase;
  return attributeGetter(run, attribute, fallback === undefined ? { fold } : { fold, fallback });
}

function asItIs(value: Value): Value {
  return value;
}

/** Only of texts themselves, not of texts in a list, as Jinja2 does it. */
export function foldCase(value: Value): Value {
  return typeof value === "string" ? value.toLowerCase() : value;
}

function pathOf(text: string): readonly (string | number)[] {
  return text.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function readPath(
  run: Run,
  item: Value,
  path: readonly (string | number)[],
  fallback: Value | undefined,
): Value {
  run.spend(path.length);
  let value = item;
  for (const key of path) {
    if (value instanceof Undefined) throw undefinedUse(run, value);
    const holder = value;
    if (typeof holder === "string") run.spendText(holder.length);
    const member = memberOf(holder, key);
    value =
      member === undefined
        ? new Undefined(`the attribute ${path.join(".")}`, run.offset, () => whyMissing(holder, key))
        : member;
  }
  return value instanceof Undefined && fallback !== undefined ? fallback : value;
}

/** Sorted by a key; equal items keep their order, also when reversed. Comparisons are paid for like items. */
export function sortItems(
  run: Run,
  items: readonly Value[],
  options: { key: Key; reverse: boolean },
): Value[] {
  const keyed = items.map((item) => ({ item, key: options.key(item) }));
  const sign = options.reverse ? -1 : 1;
  keyed.sort((a, b) => {
    run.spendItems(1);
    return sign * (compare(run, a.key, b.key) || 0);
  });
  if (keyed.length === 1 && keyed[0]?.key instanceof Undefined) throw undefinedUse(run, keyed[0].key);
  return keyed.map(({ item }) => item);
}
