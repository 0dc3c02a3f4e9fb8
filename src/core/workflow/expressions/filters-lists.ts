import { integerArgument, textArgument } from "./calls.ts";
import { display } from "./display.ts";
import { type FilterTable, filter } from "./filter.ts";
import { attributeGetter, foldCase, itemKey, type Key, sortItems } from "./list-keys.ts";
import { arithmetic, compare, defined, equals, iterate, lengthOf, truthy } from "./operations.ts";
import { type Run, TextBuilder } from "./run.ts";
import {
  Dict,
  isMapping,
  List,
  mappingEntries,
  memberOf,
  sequenceItems,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.ts";

/** Jinja2's filters on lists and dicts. What is a generator in Python is a list here. */
export const listFilters: FilterTable = {
  attr: filter("name!", (run, value, name = null) => attribute(run, value, name)),
  batch: filter("linecount! fill_with", batch),
  count: filter("", (run, value) => lengthOf(run, value)),
  dictsort: filter("case_sensitive by reverse", dictSort),
  first: filter("", (run, value) => itemAt(run, value, 0, "first")),
  groupby: filter("attribute! default case_sensitive", groupBy),
  items: filter("", (run, value) => new List(pairs(run, value))),
  join: filter("d attribute", join),
  last: filter("", (run, value) => itemAt(run, value, -1, "last")),
  length: filter("", (run, value) => lengthOf(run, value)),
  list: filter("", (run, value) => new List(iterate(run, value))),
  max: filter("case_sensitive attribute", (run, value, caseSensitive, attribute) =>
    extreme(run, value, { name: "max", sign: 1, caseSensitive, attribute }),
  ),
  min: filter("case_sensitive attribute", (run, value, caseSensitive, attribute) =>
    extreme(run, value, { name: "min", sign: -1, caseSensitive, attribute }),
  ),
  slice: filter("slices! fill_with", sliceColumns),
  sort: filter(
    "reverse case_sensitive attribute",
    (run, value, reverse = false, caseSensitive = false, attribute = null) =>
      new List(
        sortItems(run, iterate(run, value), {
          key: itemKey(run, attribute, truthy(run, caseSensitive)),
          reverse: truthy(run, reverse),
        }),
      ),
  ),
  sum: filter("attribute start", sum),
  unique: filter("case_sensitive attribute", unique),
};

/** As `value.name`: an own member, by name only. */
function attribute(run: Run, value: Value, name: Value): Value {
  const key = textArgument(run, name, "name", "");
  const member = memberOf(value, key);
  return member === undefined ? new Undefined(`attr(${JSON.stringify(key)})`, run.offset) : member;
}

function itemAt(run: Run, value: Value, index: number, name: string): Value {
  const item = iterate(run, value).at(index);
  return item === undefined ? emptyList(run, name) : item;
}

function emptyList(run: Run, name: string): Undefined {
  return new Undefined(`the ${name} of an empty list`, run.offset);
}

function pairs(run: Run, value: Value): Tuple[] {
  const entries = mappingEntries(value);
  if (!entries) throw run.failure(`items needs a dict, not ${typeName(value)}`);
  run.spendItems(entries.length);
  return entries.map((entry) => new Tuple(entry));
}

function positive(run: Run, value: Value | undefined, name: string): number {
  const count = integerArgument(run, value, name, 1);
  if (count < 1) throw run.failure(`${name} is ${count}; expected 1 or more`);
  run.spend(count);
  return count;
}

function batch(run: Run, value: Value, lineCount?: Value, fillWith: Value = null): Value {
  const items = iterate(run, value);
  const count = positive(run, lineCount, "linecount");
  const lines: List[] = [];
  for (let start = 0; start < items.length; start += count)
    lines.push(filled(items.slice(start, start + count), count, fillWith));
  return new List(lines);
}

function filled(items: readonly Value[], count: number, fillWith: Value): List {
  if (fillWith === null || items.length >= count) return new List(items);
  return new List([...items, ...Array.from({ length: count - items.length }, () => fillWith)]);
}

/** Columns of nearly the same height, the higher ones first. */
function sliceColumns(run: Run, value: Value, slices?: Value, fillWith: Value = null): Value {
  const items = iterate(run, value);
  const count = positive(run, slices, "slices");
  const low = Math.floor(items.length / count);
  const withExtra = items.length % count;
  let start = 0;
  const columns = Array.from({ length: count }, (_, index) => {
    const column = items.slice(start, start + low + (index < withExtra ? 1 : 0));
    start += column.length;
    // A column that is one short is filled, also where no column is higher, as Jinja2 does it.
    return index < withExtra ? new List(column) : filled(column, column.length + 1, fillWith);
  });
  return new List(columns);
}

function dictSort(
  run: Run,
  value: Value,
  caseSensitive: Value = false,
  by: Value = "key",
  reverse: Value = false,
): Value {
  if (by !== "key" && by !== "value") throw run.failure("by is neither key nor value; expected one of them");
  const index = by === "key" ? 0 : 1;
  const fold: Key = truthy(run, caseSensitive) ? (item) => item : foldCase;
  const key: Key = (pair) => fold(memberOf(pair, index) ?? null);
  return new List(sortItems(run, pairs(run, value), { key, reverse: truthy(run, reverse) }));
}

function groupBy(
  run: Run,
  value: Value,
  attribute?: Value,
  fallback?: Value,
  caseSensitive: Value = false,
): Value {
  const get = itemKey(run, attribute ?? null, true, fallback);
  const key = itemKey(run, attribute ?? null, truthy(run, caseSensitive), fallback);
  const sorted = sortItems(run, iterate(run, value), { key, reverse: false });
  const groups: { grouper: Value; items: Value[] }[] = [];
  for (const item of sorted) {
    const last = groups.at(-1);
    const [first] = last?.items ?? [];
    if (last && first !== undefined && equals(run, key(first), key(item))) last.items.push(item);
    else groups.push({ grouper: get(item), items: [item] });
  }
  return new List(
    groups.map((group) => new Tuple([group.grouper, new List(group.items)], ["grouper", "list"])),
  );
}

function join(run: Run, value: Value, separator: Value = "", attribute: Value = null): string {
  const get = attributeGetter(run, attribute);
  const between = display(run, separator);
  const out = new TextBuilder(run);
  let isFirst = true;
  for (const item of iterate(run, value)) {
    if (!isFirst) out.add(between);
    isFirst = false;
    out.add(display(run, get(item)));
  }
  return out.text();
}

interface ExtremeOptions {
  readonly name: string;
  /** 1 for the largest, -1 for the smallest; the first of equal ones is taken. */
  readonly sign: number;
  readonly caseSensitive: Value | undefined;
  readonly attribute: Value | undefined;
}

function extreme(
  run: Run,
  value: Value,
  { name, sign, caseSensitive = false, attribute = null }: ExtremeOptions,
): Value {
  const items = iterate(run, value);
  const key = itemKey(run, attribute, truthy(run, caseSensitive));
  const [first, ...others] = items;
  if (first === undefined) return emptyList(run, name);
  let best = first;
  let bestKey = key(first);
  for (const item of others) {
    const candidate = key(item);
    if (!(compare(run, candidate, bestKey) * sign > 0)) continue;
    [best, bestKey] = [item, candidate];
  }
  return best;
}

function sum(run: Run, value: Value, attribute: Value = null, start: Value = 0): Value {
  const get = attributeGetter(run, attribute);
  if (typeof start === "string") throw run.failure("texts cannot be summed; use join");
  let total: Value = start;
  for (const item of iterate(run, value)) total = arithmetic(run, "+", total, defined(run, get(item)));
  return total;
}

/** Keeps the first of equal items. Scalars are found by hash, lists and dicts by comparing. */
function unique(run: Run, value: Value, caseSensitive: Value = false, attribute: Value = null): Value {
  const key = itemKey(run, attribute, truthy(run, caseSensitive));
  const seen = new Dict();
  const seenDeep: Value[] = [];
  const kept = iterate(run, value).filter((item) => {
    const itemsKey = defined(run, key(item));
    if (isMapping(itemsKey) || sequenceItems(itemsKey)) {
      run.spend(seenDeep.length);
      if (seenDeep.some((other) => equals(run, other, itemsKey))) return false;
      seenDeep.push(itemsKey);
      return true;
    }
    if (seen.get(itemsKey) !== undefined) return false;
    seen.set(run, itemsKey, true);
    return true;
  });
  return new List(kept);
}
