import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, JsonObject } from "../../base/index.ts";
import { parseTemplate, type Scope } from "./index.ts";

/** What the tests of this folder share: a scope of plain data, and tables of templates and what they print. */
export const testData: JsonObject = {
  user: { name: "Grace", born: 1906 },
  rows: [
    { id: "r1", n: 5, ok: true },
    { id: "r2", n: 2, ok: false },
    { id: "r3", n: 9, ok: true },
  ],
  n: 3,
  mixed: [{ v: 2 }, {}, { v: 1 }],
  floats: [0.1, 0.2, 0.3],
  tree: [
    { v: 1, c: [{ v: 2, c: [] }] },
    { v: 3, c: [] },
  ],
  prose: "every morning the lighthouse keeper counts the gulls",
};

export function scopeOf(data: JsonObject): Scope {
  return { get: (name) => (Object.hasOwn(data, name) ? data[name] : undefined) };
}

export function render(source: string, data: JsonObject = testData): string {
  return parseTemplate(source).render(scopeOf(data));
}

export function evaluate(source: string, data: JsonObject = testData): Json {
  return parseTemplate(source).evaluate(scopeOf(data));
}

type PrintedRow = readonly [source: string, printed: string];

/** One test for each group of rows; a failure shows all rows that print something else. */
export function testPrinted(groups: Readonly<Record<string, readonly PrintedRow[]>>): void {
  for (const [name, rows] of Object.entries(groups))
    test(`prints as Jinja2 does: ${name}`, () => {
      const printed = rows.map(([source]) => [source, render(source)]);
      assert.deepEqual(printed, rows);
    });
}

/** The error that parsing or evaluating a template ends with, by its code and message. */
export function failureOf(source: string, data: JsonObject = testData): { code: string; message: string } {
  try {
    parseTemplate(source).evaluate(scopeOf(data));
  } catch (error) {
    if (error instanceof Error && "code" in error)
      return { code: String(error.code), message: error.message };
    throw error;
  }
  return { code: "none", message: "" };
}
