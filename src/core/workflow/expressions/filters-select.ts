import { checkDefined } from "./calls.ts";
import { applyFilter, type FilterTable } from "./filter.ts";
import { filterNamed } from "./filters.ts";
import { attributeGetter } from "./list-keys.ts";
import { iterate, truthy } from "./operations.ts";
import type { Run } from "./run.ts";
import { applyTest, testNamed } from "./tests.ts";
import { type Arguments, List, type Value } from "./values.ts";

/** The filters that apply another filter or a test to each item. */
export const selectFilters: FilterTable = {
  map: { applyOpen: map },
  reject: { applyOpen: (run, value, args) => select(run, value, args, false) },
  rejectattr: { applyOpen: (run, value, args) => selectAttribute(run, value, args, false) },
  select: { applyOpen: (run, value, args) => select(run, value, args, true) },
  selectattr: { applyOpen: (run, value, args) => selectAttribute(run, value, args, true) },
};

/** The items to go through: none of anything that counts as false, as Jinja2 has it. */
function itemsOf(run: Run, value: Value): readonly Value[] {
  return truthy(run, value) ? iterate(run, value) : [];
}

/** `map("upper")` applies a filter; `map(attribute="name", default=none)` reads a member. */
function map(run: Run, value: Value, args: Arguments): Value {
  const items = itemsOf(run, value);
  const attribute = args.keyword.get("attribute");
  if (args.positional.length === 0 && attribute !== undefined) {
    const unknown = [...args.keyword.keys()].find((name) => name !== "attribute" && name !== "default");
    if (unknown !== undefined)
      throw run.failure(`map has no argument ${unknown} beside attribute; expected default`);
    return new List(items.map(getterWithDefault(run, attribute, args.keyword.get("default"))));
  }
  const [name, ...positional] = args.positional;
  if (typeof name !== "string") throw run.failure("map needs the name of a filter, or attribute=");
  const use = filterNamed(name);
  if (!use) throw run.failure(`there is no filter ${name}`);
  const rest = { positional, keyword: args.keyword };
  return new List(items.map((item) => applyFilter(run, name, use, item, rest)));
}

function getterWithDefault(run: Run, attribute: Value, fallback: Value | undefined) {
  return attributeGetter(run, attribute, fallback === undefined ? {} : { fallback });
}

/** What decides about an item: a test by name, or without one its truth. */
function decision(run: Run, [name, ...positional]: readonly Value[], keyword: Arguments["keyword"]) {
  if (name === undefined) return (item: Value) => truthy(run, item);
  if (typeof name !== "string") throw run.failure("expected the name of a test");
  const use = testNamed(name);
  if (!use) throw run.failure(`there is no test ${name}`);
  const rest = { positional, keyword };
  return (item: Value) => applyTest(run, name, use, item, rest);
}

function select(run: Run, value: Value, args: Arguments, wanted: boolean): Value {
  const decide = decision(run, args.positional, args.keyword);
  return new List(itemsOf(run, value).filter((item) => decide(item) === wanted));
}

function selectAttribute(run: Run, value: Value, args: Arguments, wanted: boolean): Value {
  checkDefined(run, args);
  const [attribute, ...test] = args.positional;
  if (attribute === undefined) throw run.failure("expected the name of an attribute");
  const get = attributeGetter(run, attribute);
  const decide = decision(run, test, args.keyword);
  return new List(itemsOf(run, value).filter((item) => decide(get(item)) === wanted));
}
