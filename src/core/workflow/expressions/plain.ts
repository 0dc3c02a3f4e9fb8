import type { Json, JsonObject } from "../../base/index.ts";
import { display } from "./display.ts";
import { defined } from "./operations.ts";
import { floatText } from "./python-numbers.ts";
import { compareText } from "./python-text.ts";
import { type Run, TextBuilder } from "./run.ts";
import {
  Float,
  isDataObject,
  isFloat,
  mappingEntries,
  numberIn,
  RuntimeValue,
  sequenceItems,
  typeName,
  type Value,
} from "./values.ts";

/**
 * The way out: a value as plain JSON. A value of the data is handed on as it is, not copied; what
 * stands within a list or dict of the expression's own making is measured, because the same data may be
 * in it a thousand times.
 */
export function toPlain(run: Run, value: Value): Json {
  if (!(value instanceof RuntimeValue)) {
    if (typeof value === "number") return finite(run, value);
    return value;
  }
  return new PlainWriter(run).write(value, 0);
}

class PlainWriter {
  private readonly run: Run;
  private characters = 0;

  constructor(run: Run) {
    this.run = run;
  }

  write(value: Value, depth: number): Json {
    const { run } = this;
    run.checkDepth(depth);
    this.measure(typeof value === "string" ? value.length + 2 : 8);
    if (value instanceof Float) return finite(run, value.value);
    if (typeof value === "number") return finite(run, value);
    if (value === null || typeof value === "boolean" || typeof value === "string") return value;
    const items = sequenceItems(value);
    if (items) return items.map((item) => this.write(item, depth + 1));
    if (isDataObject(value)) return this.passOn(value, depth);
    const entries = mappingEntries(value);
    if (entries) return this.writeEntries(entries, depth);
    defined(run, value);
    throw run.failure(`the result is a ${typeName(value)}; expected data`);
  }

  /** An object of the data: measured, not copied. */
  private passOn(value: JsonObject, depth: number): Json {
    for (const [key, member] of Object.entries(value)) {
      this.measure(key.length + 3);
      this.write(member, depth + 1);
    }
    return value;
  }

  private writeEntries(entries: readonly (readonly [key: Value, value: Value])[], depth: number): Json {
    const object: Record<string, Json> = {};
    for (const [key, member] of entries) {
      const name = memberName(this.run, key);
      this.measure(name.length + 3);
      const plain = this.write(member, depth + 1);
      // Assigning `__proto__` would set the prototype; defining it makes an own member.
      if (name === "__proto__") Object.defineProperty(object, name, { value: plain, enumerable: true });
      else object[name] = plain;
    }
    return object;
  }

  private measure(characters: number): void {
    this.characters += characters;
    if (this.characters > this.run.limits.outputCharactersMax)
      throw this.run.limitPassed("outputCharactersMax");
  }
}

function finite(run: Run, value: number): number {
  if (!Number.isFinite(value))
    throw run.failure(`the result is ${floatText(value)}, which is not a JSON number`);
  return value;
}

/** The name that Python's `json` gives a key. */
function memberName(run: Run, key: Value): string {
  if (typeof key === "string") return key;
  if (key === null) return "null";
  if (typeof key === "boolean") return key ? "true" : "false";
  if (numberIn(key) !== undefined) return display(run, key);
  throw run.failure(`a ${typeName(key)} cannot be the name of a member; expected a string`);
}

/**
 * `json.dumps(value, sort_keys=True)` with `<`, `>`, `&` and `'` escaped, as Jinja's `tojson` prints
 * it: everything beyond ASCII as `\uXXXX`, a space after `,` and `:`.
 *
 * @param indent spaces per level; undefined prints one line
 */
export function jsonText(run: Run, value: Value, indent: number | undefined): string {
  const out = new TextBuilder(run);
  writeJson(run, out, value, indent, 0);
  return out.text();
}

function writeJson(
  run: Run,
  out: TextBuilder,
  value: Value,
  indent: number | undefined,
  depth: number,
): void {
  run.spend(1);
  run.checkDepth(depth);
  const scalar = jsonScalar(run, value);
  if (scalar !== undefined) {
    out.add(scalar);
    return;
  }
  const items = sequenceItems(value);
  const entries = items ? undefined : mappingEntries(value);
  defined(run, value);
  if (!items && !entries) throw run.failure(`a ${typeName(value)} is not data; expected data for tojson`);
  const members = items
    ? items.map((item) => ["", item] as const)
    : sortedMembers(run, entries ?? []).map(([name, member]) => [`${jsonString(name)}: `, member] as const);
  writeMembers(run, out, members, items ? "[]" : "{}", indent, depth);
}

function jsonScalar(run: Run, value: Value): string | undefined {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return jsonString(value);
  const number = numberIn(value);
  if (number === undefined) return undefined;
  return isFloat(value) ? floatText(finite(run, number)) : String(number);
}

function sortedMembers(run: Run, entries: readonly (readonly [key: Value, value: Value])[]) {
  const named = entries.map(([key, member]) => [memberName(run, key), member] as const);
  return named.sort(([a], [b]) => compareText(a, b));
}

function writeMembers(
  run: Run,
  out: TextBuilder,
  members: readonly (readonly [label: string, value: Value])[],
  brackets: string,
  indent: number | undefined,
  depth: number,
): void {
  if (members.length === 0) {
    out.add(brackets);
    return;
  }
  const margin = (level: number) => {
    if (indent === undefined) return "";
    run.spendText(indent * level);
    return `\n${" ".repeat(indent * level)}`;
  };
  out.add(brackets.charAt(0));
  members.forEach(([label, member], index) => {
    if (index > 0) out.add(indent === undefined ? ", " : ",");
    out.add(margin(depth + 1) + label);
    writeJson(run, out, member, indent, depth + 1);
  });
  out.add(margin(depth) + brackets.charAt(1));
}

const asciiSafe = /[^ !"#$%(-;=?-~]/g;

/** A JSON string in ASCII that is safe inside HTML, too. */
function jsonString(text: string): string {
  return JSON.stringify(text).replace(
    asciiSafe,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
