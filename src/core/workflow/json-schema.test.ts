import assert from "node:assert/strict";
import test from "node:test";
import { Validator } from "@cfworker/json-schema";
import { isJsonObject, type Json, type JsonObject } from "../base/index.ts";
import { workflowJsonSchema } from "./json-schema.ts";
import { kinds, right, steps, supportTriage } from "./testing.ts";
import { yamlSource } from "./yaml-source.ts";

const schema = workflowJsonSchema(kinds);
const isValid = (text: string) =>
  new Validator(structuredClone(schema) as JsonObject, "2020-12").validate(yamlSource(text, "x.yaml").value)
    .valid;

const definitions = schema.$defs as JsonObject;
const at = (value: Json | undefined, ...path: string[]): Json | undefined =>
  path.reduce<Json | undefined>((inner, key) => (isJsonObject(inner) ? inner[key] : undefined), value);

test("the example is valid", () => {
  assert.equal(isValid(supportTriage), true);
});

test("keys are snake_case, in the format and in the kinds", () => {
  assert.ok(at(definitions.kind_human_review, "properties", "on_reject"));
  assert.ok(at(definitions.step, "properties", "on_failure"));
  assert.ok(at(schema, "properties", "targets", "properties", "time_to_result_p50"));
  const keys = JSON.stringify(schema).match(/"[a-z]+[A-Z]\w*":/g) ?? [];
  const ofJsonSchema = [
    "additionalProperties",
    "anyOf",
    "oneOf",
    "minItems",
    "minLength",
    "maxItems",
    "exclusiveMinimum",
  ];
  const others = ["minProperties", "maxProperties", "propertyNames"];
  assert.deepEqual(
    [...new Set(keys)].filter((key) => ![...ofJsonSchema, ...others].includes(key.slice(1, -2))),
    [],
  );
});

test("fields and kinds are described, and what is not built is not offered", () => {
  assert.equal(at(definitions.step, "properties", "inference", "description"), "A inference for tests.");
  assert.equal(typeof at(definitions.step, "properties", "retry", "description"), "string");
  assert.equal(at(definitions.step, "properties", "budget"), undefined);
});

test("the flat form and every block are valid", () => {
  assert.equal(
    isValid("name: x\nworkflow:\n  - { name: a, type: retrieval, source: docs, timeout: 5s }\n"),
    true,
  );
  assert.equal(
    isValid(
      steps(
        "  - { id: p, parallel: [{ id: a, transform: { value: 1 } }] }",
        '  - { id: m, map: { over: "{{ input.x }}", steps: [{ id: b, transform: { value: 1 }, fallback: { emit: { event: e } } }] } }',
        "  - { id: c, branch: [{ when: true, steps: [{ id: d, transform: { value: 1 } }] }] }",
        "  - { id: l, loop: { max: 3, steps: [{ id: e, transform: { value: { any: [1] } } }] } }",
      ),
    ),
    true,
  );
});

const wrong: readonly string[] = [
  `workflow: w\nsteps: []\n`,
  `workflow: w\n`,
  `workflow: w\nname: x\nsteps:\n${right}\n`,
  `workflow: w\nbudget: [5]\nsteps:\n${right}\n`,
  `workflow: []\n`,
  steps("  - { id: a }"),
  steps("  - { id: A, transform: { value: 1 } }"),
  steps("  - { id: a, transform: { value: 1 }, emit: { event: x } }"),
  steps("  - { id: a, transform: { value: 1 }, undo: x }"),
  steps("  - { id: a, retrieval: { index: x, query: y, limit: three } }"),
  steps("  - { id: a, human_review: { draft: x, onreject: end } }"),
  steps("  - { id: a, loop: { steps: [{ id: b, transform: { value: 1 } }] } }"),
  steps("  - { id: a, parallel: [{ id: b }] }"),
  steps("  - { id: a, transform: { value: 1 }, fallback: { emit: { event: x }, transform: { value: 1 } } }"),
];
for (const text of wrong)
  test(`refused: ${text.trim().replaceAll("\n", " ⏎ ")}`, () => {
    assert.equal(isValid(text), false);
  });

test("every reference within it resolves", () => {
  const references = JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g);
  for (const [, name] of references)
    assert.ok(Object.hasOwn(definitions, name ?? ""), `${name} is not there`);
});
