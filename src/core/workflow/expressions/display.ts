import { compare, defined } from "./operations.ts";
import { floatText } from "./python-numbers.ts";
import { quoteText } from "./python-text.ts";
import { type Run, TextBuilder } from "./run.ts";
import {
  Dict,
  isFloat,
  List,
  mappingEntries,
  numberIn,
  sequenceItems,
  Tuple,
  typeName,
  type Value,
} from "./values.ts";

/** `str(value)`: what `{{ value }}` prints. Texts as they are, everything else as Python shows it. */
export function display(run: Run, value: Value): string {
  if (typeof value === "string") return value;
  return scalarText(value) ?? represent(run, value);
}

/** `repr(value)`: what a value looks like inside a list. */
export function represent(run: Run, value: Value): string {
  const out = new TextBuilder(run);
  representInto(run, out, value, 0);
  return out.text();
}

function scalarText(value: Value): string | undefined {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  const number = numberIn(value);
  if (number === undefined) return undefined;
  return isFloat(value) ? floatText(number) : String(number);
}

function representInto(run: Run, out: TextBuilder, value: Value, depth: number): void {
  run.spend(1);
  run.checkDepth(depth);
  const scalar = typeof value === "string" ? quoteText(value) : scalarText(value);
  const items = sequenceItems(value);
  const entries = items ? undefined : mappingEntries(value);
  if (scalar !== undefined) out.add(scalar);
  else if (items && value instanceof Tuple)
    representItems(run, out, items, depth, ["(", items.length === 1 ? ",)" : ")"]);
  else if (items) representList(run, out, value, items, depth);
  else if (entries) representEntries(run, out, entries, depth);
  else {
    defined(run, value);
    throw run.failure(`a ${typeName(value)} cannot be printed; only data can`);
  }
}

function representList(
  run: Run,
  out: TextBuilder,
  value: Value,
  items: readonly Value[],
  depth: number,
): void {
  const show = value instanceof List ? value.display : undefined;
  const inner = show ? new TextBuilder(run) : out;
  representItems(run, inner, items, depth, ["[", "]"]);
  if (show) out.add(show(inner.text()));
}

function representItems(
  run: Run,
  out: TextBuilder,
  items: readonly Value[],
  depth: number,
  [open, close]: readonly [open: string, close: string],
): void {
  out.add(open);
  for (let index = 0; index < items.length; index++) {
    if (index > 0) out.add(", ");
    representInto(run, out, items[index] ?? null, depth + 1);
  }
  out.add(close);
}

function representEntries(
  run: Run,
  out: TextBuilder,
  entries: readonly (readonly [key: Value, value: Value])[],
  depth: number,
): void {
  out.add("{");
  let separator = "";
  for (const [key, member] of entries) {
    out.add(separator);
    separator = ", ";
    representInto(run, out, key, depth + 1);
    out.add(": ");
    representInto(run, out, member, depth + 1);
  }
  out.add("}");
}

const prettyWidth = 80;

/**
 * `pprint.pformat`: keys sorted, one line where it fits in 80 columns, otherwise one item a line.
 * Unlike Python it never breaks a long text into several.
 */
export function prettyText(run: Run, value: Value, indent = 0, trailing = 0, depth = 0): string {
  run.checkDepth(depth);
  const sorted = sortedKeys(run, value, depth);
  const line = represent(run, sorted);
  if (line.length <= prettyWidth - indent - trailing) return line;
  const items = sequenceItems(sorted);
  const entries = items ? undefined : mappingEntries(sorted);
  if (!items && !entries) return line;
  const [open, close] =
    value instanceof Tuple ? ["(", items?.length === 1 ? ",)" : ")"] : items ? ["[", "]"] : ["{", "}"];
  run.spendText((items ?? entries ?? []).length * (indent + 1));
  const pieces = items
    ? items.map((item, index) =>
        prettyText(run, item, indent + 1, index === items.length - 1 ? trailing + 1 : 1, depth + 1),
      )
    : (entries ?? []).map(([key, member]) => {
        const label = `${represent(run, key)}: `;
        return label + prettyText(run, member, indent + 1 + label.length, 1, depth + 1);
      });
  return open + pieces.join(`,\n${" ".repeat(indent + 1)}`) + close;
}

function sortedKeys(run: Run, value: Value, depth: number): Value {
  run.spend(1);
  run.checkDepth(depth);
  const items = sequenceItems(value);
  if (items) {
    const inner = items.map((item) => sortedKeys(run, item, depth + 1));
    return value instanceof Tuple ? new Tuple(inner) : new List(inner);
  }
  const entries = mappingEntries(value);
  if (!entries) return value;
  const sorted = entries.map(([key, member]) => [key, sortedKeys(run, member, depth + 1)] as const);
  const dict = new Dict();
  for (const [key, member] of sorted.sort(([a], [b]) => compare(run, a, b))) dict.set(run, key, member);
  return dict;
}
