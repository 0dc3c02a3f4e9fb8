import assert from "node:assert/strict";
import test from "node:test";
import type { Json, JsonObject } from "../base/index.ts";
import { configChecker, inputChecker } from "./input-check.ts";

const check = (schema: JsonObject, input: Json) => inputChecker(schema)(input);

test("without a schema every input is right", () => {
  assert.deepEqual(inputChecker(undefined)({ any: [1] }), []);
});

test("a right input has no problems", () => {
  const schema = { type: "object", required: ["a"], properties: { a: { type: "string", maxLength: 3 } } };
  assert.deepEqual(check(schema, { a: "abc", more: 1 }), []);
});

const rows: readonly (readonly [schema: JsonObject, input: Json, ...problems: string[]])[] = [
  [{ type: "object" }, "x", 'input: expected object, found text "x"'],
  [{ type: ["string", "null"] }, 5, "input: expected string or null, found 5"],
  [{ required: ["message", "id"] }, {}, "input.message: required", "input.id: required"],
  [{ properties: { a: { required: ["b"] } } }, { a: {} }, "input.a.b: required"],
  [
    { properties: { a: { type: "string" }, b: { type: "number" } } },
    { a: 1, b: "x" },
    "input.a: expected string, found 1",
    'input.b: expected number, found text "x"',
  ],
  [
    { properties: { a: { enum: ["red", "green"] } } },
    { a: "gren" },
    'input.a: expected "red", "green", found text "gren"; did you mean "green"?',
  ],
  [{ properties: { a: { const: 5 } } }, { a: 6 }, "input.a: expected 5, found 6"],
  [{ properties: { a: { minLength: 2 } } }, { a: "x" }, "input.a: expected at least 2 characters, found 1"],
  [
    { properties: { a: { maxLength: 2 } } },
    { a: "😀😀😀" },
    "input.a: expected at most 2 characters, found 3",
  ],
  [{ minItems: 1 }, [], "input: expected at least 1 items, found 0"],
  [{ maxItems: 1 }, [1, 2], "input: expected at most 1 items, found 2"],
  [{ uniqueItems: true }, [1, 1], "input: expected no item twice"],
  [{ minimum: 1 }, 0, "input: expected at least 1, found 0"],
  [{ maximum: 1 }, 2, "input: expected at most 1, found 2"],
  [{ exclusiveMinimum: 1 }, 1, "input: expected more than 1, found 1"],
  [{ exclusiveMaximum: 1 }, 1, "input: expected less than 1, found 1"],
  [{ multipleOf: 5 }, 7, "input: expected a multiple of 5, found 7"],
  [{ pattern: "^a" }, "b", 'input: expected text that matches ^a, found text "b"'],
  [{ format: "email" }, "b", 'input: expected text in the format email, found text "b"'],
  [{ items: { type: "string" } }, ["a", 1], "input[1]: expected string, found 1"],
  [
    { properties: { list: { items: { required: ["x"] } } } },
    { list: [{ x: 1 }, {}] },
    "input.list[1].x: required",
  ],
  [
    { properties: { message: {} }, additionalProperties: false },
    { mesage: 1 },
    "input.mesage: not expected; did you mean `message`?",
  ],
  [
    { properties: { a: { $ref: "#/$defs/short" } }, $defs: { short: { maxLength: 1 } } },
    { a: "xx" },
    "input.a: expected at most 1 characters, found 2",
  ],
  [
    { properties: { a: { anyOf: [{ type: "string" }, { type: "number" }] } } },
    { a: true },
    "input.a: expected one of the forms that the schema allows, found true",
  ],
  [{ allOf: [{ required: ["a"] }, { required: ["b"] }] }, {}, "input.a: required", "input.b: required"],
  [
    JSON.parse('{ "if": { "required": ["a"] }, "then": { "required": ["b"] } }'),
    { a: 1 },
    "input.b: required",
  ],
];

for (const [schema, input, ...problems] of rows)
  test(`${JSON.stringify(schema)} of ${JSON.stringify(input)}`, () => {
    assert.deepEqual(check(schema, input), problems);
  });

test("members of every object, such as constructor, are members only where they are written", () => {
  const schema = { required: ["toString"], properties: { constructor: { type: "string" } } };
  assert.deepEqual(check(schema, {}), ["input.toString: required"]);
  assert.deepEqual(check(schema, { toString: 1, constructor: "x" }), []);
});

test("the schema is not changed by being used", () => {
  const schema = {
    type: "object",
    properties: { a: { $ref: "#/$defs/b" } },
    $defs: { b: { type: "string" } },
  };
  const before = structuredClone(schema);
  check(schema, { a: 1 });
  assert.deepEqual(schema, before);
  assert.deepEqual(Object.getOwnPropertyNames(schema), Object.getOwnPropertyNames(before));
});

test("a schema that refers to itself without end is a problem of the input, not a crash", () => {
  assert.match(check({ $ref: "#" }, {}).join(), /^input: cannot be checked/);
});

test("twenty problems are enough", () => {
  const input = Array.from({ length: 100 }, (_, index) => index);
  assert.equal(check({ items: { type: "string" } }, input).length, 20);
});

const yet = "{{ input.x }}";
const open: readonly (readonly [schema: JsonObject, config: JsonObject, ...findings: string[]])[] = [
  [{ properties: { a: { type: "integer" }, b: { enum: ["x"] } } }, { a: yet, b: `pre ${yet}` }],
  [{ properties: { a: { type: "integer" } } }, { a: "five" }, 'a: expected integer, found text "five"'],
  [
    { properties: { a: { items: { type: "integer" } } } },
    { a: [1, yet, "x"] },
    'a/2: expected integer, found text "x"',
  ],
  [
    { properties: { a: { type: "string" } }, additionalProperties: false },
    { aa: yet },
    "aa: not expected; did you mean `a`?",
  ],
  [{ required: ["a", "b"] }, { a: yet }, "b: required"],
  [
    { properties: { a: { properties: { b: { type: "object" } }, required: ["c"] } } },
    { a: { b: yet } },
    "a/c: required",
  ],
  [{ properties: { a: { type: "integer" } } }, { a: { b: yet } }],
  [{ anyOf: [{ properties: { a: { const: 1 } } }, { properties: { a: { const: 2 } } }] }, { a: yet }],
  [
    { anyOf: [{ properties: { a: { const: 1 } } }, { properties: { a: { const: 2 } } }] },
    { a: 3 },
    ": expected one of the forms that the schema allows, found a mapping",
  ],
  [{ if: { properties: { a: { const: 1 } } }, else: { required: ["b"] } }, { a: yet }],
  [{ if: { properties: { a: { const: 1 } } }, else: { required: ["b"] } }, { a: 2 }, "b: required"],
];
for (const [schema, config, ...findings] of open)
  test(`before expressions are evaluated, ${JSON.stringify(schema)} of ${JSON.stringify(config)}`, () => {
    const found = configChecker(schema).beforeRun(config);
    assert.deepEqual(
      found.map(({ path, message }) => `${path.join("/")}: ${message}`),
      findings,
    );
  });

test("once they are evaluated, all of the schema holds", () => {
  const { problems } = configChecker({ properties: { a: { type: "integer" } } });
  assert.deepEqual(problems({ a: yet }), [`input.a: expected integer, found text ${JSON.stringify(yet)}`]);
});
