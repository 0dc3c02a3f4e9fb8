import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidText, isJsonObject, type Json, type JsonObject } from "../../base/index.ts";
import { type StepOutcome, WorkflowInvalid } from "../../workflow/index.ts";
import { loadRuleset, QualityCheckFailed, SchemaInvalid } from "./index.ts";
import { qualityCheck } from "./quality-check.ts";
import { testContext } from "./testing.ts";

/** Stands in for the expression language: knows the few expressions that these tests use. */
function evaluate(expression: string, { value }: JsonObject): Json {
  const total = isJsonObject(value) ? value.total : undefined;
  switch (expression) {
    case "{{ value.total > 0 }}":
      if (typeof total !== "number") throw new InvalidText("value.total", "defined");
      return total > 0;
    case "{{ value.total }}":
      return total ?? null;
    case "total is {{ value.total }}":
      return `total is ${total}`;
    default:
      return expression;
  }
}

const positive = { name: "positive", check: "{{ value.total > 0 }}", message: "total is {{ value.total }}" };
const schema = { type: "object", required: ["total"], properties: { total: { type: "number" } } };

function run(config: JsonObject, asset: Json = null): StepOutcome {
  const context = testContext({
    evaluate,
    asset: (kind, name) => ({ kind, name, digest: "", content: asset }),
  });
  const outcome = qualityCheck.execute(config, context);
  assert.ok(!(outcome instanceof Promise));
  return outcome;
}

const report = (config: JsonObject, asset?: Json) => {
  const outcome = run({ ...config, onFail: "report" }, asset);
  assert.ok("result" in outcome);
  return outcome.result;
};

test("a value that fits passes, and is the value of the step", () => {
  assert.deepEqual(run({ value: { total: 3 }, schema, rules: [positive] }), {
    result: { value: { total: 3 }, passed: true, failures: [] },
  });
});

test("a value that does not fit fails the step, which names what failed", () => {
  const failing = () => run({ value: { total: -1 }, rules: [positive] });
  assert.throws(failing, QualityCheckFailed);
  assert.throws(failing, {
    code: "QUALITY_CHECK_FAILED",
    message: "The value did not pass: positive: total is -1",
  });
  assert.throws(() => run({ value: {}, schema }), /schema: Instance does not have required property "total"/);
});

test("report goes on, with every failure", () => {
  assert.deepEqual(report({ value: { total: "x" }, schema, rules: [positive] }), {
    value: { total: "x" },
    passed: false,
    failures: [
      {
        name: "schema",
        message: 'total: Instance type "string" is invalid. Expected "number".',
        severity: "error",
      },
      {
        name: "positive",
        message: 'could not be evaluated: "value.total" is not defined.',
        severity: "error",
      },
    ],
  });
});

test("only true passes: no text, no number, no list", () => {
  for (const total of [1, "true", [true], null]) {
    const { passed, failures } = report({
      value: { total },
      rules: [{ name: "r", check: "{{ value.total }}" }],
    });
    assert.equal(passed, false, `${total}`);
    assert.match(JSON.stringify(failures), /expected true or false/);
  }
  assert.equal(
    report({ value: { total: true }, rules: [{ name: "r", check: "{{ value.total }}" }] }).passed,
    true,
  );
});

test("a warning is told and does not fail the check", () => {
  const outcome = run({ value: { total: -1 }, rules: [{ ...positive, severity: "warning" }] });
  assert.deepEqual(outcome, {
    result: {
      value: { total: -1 },
      passed: true,
      failures: [{ name: "positive", message: "total is -1", severity: "warning" }],
    },
  });
});

test("a pinned ruleset is checked beside the step's own rules", () => {
  const { passed, failures } = report(
    { value: { total: -1 }, ruleset: "orders" },
    { schema, rules: [positive] },
  );
  assert.equal(passed, false);
  assert.match(JSON.stringify(failures), /positive/);
  assert.deepEqual(qualityCheck.references?.({ value: 1, ruleset: "orders" }), [
    { kind: "ruleset", name: "orders", path: ["ruleset"] },
  ]);
});

test("nested mismatches are told where they are, without the levels above them", () => {
  const items = {
    type: "array",
    items: { type: "object", properties: { "unit/price": { type: "integer" } } },
  };
  const { failures } = report({
    value: { items: [{}, { "unit/price": 1.5 }] },
    schema: { properties: { items } },
  });
  assert.deepEqual(failures, [
    {
      name: "schema",
      message: 'items[1].unit/price: Instance type "number" is invalid. Expected "integer".',
      severity: "error",
    },
  ]);
});

test("a schema that cannot be used is an error of the step even when it came through", () => {
  assert.throws(
    () => run({ value: "x", schema: { $ref: "https://elsewhere.example/schema" } }),
    SchemaInvalid,
  );
});

test("what can be known at load is told at load", () => {
  const messages = (config: JsonObject) =>
    (qualityCheck.check?.(config) ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
  assert.deepEqual(messages({ value: 1, schema, rules: [positive] }), []);
  assert.match(messages({ value: 1 })[0] ?? "", /checks nothing/);
  assert.match(messages({ value: 1, ruleset: "{{ x }}" })[0] ?? "", /must be the name itself/);
  assert.match(
    messages({ value: 1, rules: [{ name: "r", check: "value > 1" }] })[0] ?? "",
    /rules\.0\.check: expected one/,
  );
  assert.match(
    messages({ value: 1, schema: { properties: { a: { type: "strnig" } } } })[0] ?? "",
    /"strnig" is no type/,
  );
  assert.match(messages({ value: 1, schema: { pattern: "(" } })[0] ?? "", /Unterminated group/);
  assert.match(messages({ value: 1, schema: { items: { $ref: "#/$defs/gone" } } })[0] ?? "", /leads nowhere/);
  assert.deepEqual(
    messages({
      value: 1,
      schema: { properties: { type: { const: 1 }, pattern: {} }, enum: [{ type: "x" }] },
    }),
    [],
  );
});

const problemsOf = (text: string) => {
  try {
    loadRuleset({ file: "rules.yaml", text, name: "rules" });
    return [];
  } catch (error) {
    assert.ok(error instanceof WorkflowInvalid, String(error));
    return error.message.split("\n");
  }
};

test("a ruleset file is a list of rules, or rules with a schema; YAML and JSON have the same version", () => {
  const yaml = loadRuleset({
    file: "r.yaml",
    name: "r",
    text: '- name: positive\n  check: "{{ value.total > 0 }}"\n',
  });
  const json = loadRuleset({
    file: "r.json",
    name: "r",
    text: JSON.stringify({ description: "x", rules: [{ check: "{{ value.total > 0 }}", name: "positive" }] }),
  });
  assert.equal(yaml.kind, "ruleset");
  assert.equal(yaml.digest, json.digest);
  assert.deepEqual(report({ value: { total: 1 }, ruleset: "r" }, yaml.content).passed, true);
});

test("problems of a ruleset file have line and column", () => {
  assert.deepEqual(problemsOf('- name: a\n  chek: "{{ value }}"\n'), [
    "rules.yaml:1:3: rules.0.check: expected string, received undefined",
    'rules.yaml:2:3: unknown field "chek"; did you mean "check"?',
  ]);
  assert.deepEqual(problemsOf('rules:\n  - name: a\n    check: "value > 1"\n'), [
    "rules.yaml:3:5: expected one expression in {{ }}",
  ]);
  assert.match(problemsOf('- name: a\n  check: "{{ value > }}"\n')[0] ?? "", /^rules\.yaml:2:3: /);
  assert.match(
    problemsOf('- name: a\n  check: "{{ value }}"\n  message: "{{ }"\n')[0] ?? "",
    /^rules\.yaml:3:3: /,
  );
  assert.match(problemsOf("rules: [\n")[0] ?? "", /^rules\.yaml:2:1: /);
  assert.match(problemsOf("rules: []\n")[0] ?? "", /has no rules/);
  assert.match(problemsOf("just text")[0] ?? "", /^rules\.yaml:1:1: expected object/);
  assert.match(problemsOf("")[0] ?? "", /^rules\.yaml:1:1: /);
  assert.match(problemsOf("schema:\n  type: strnig\n")[0] ?? "", /^rules\.yaml:1:1: .*is no type/);
});

test("bombs are refused", () => {
  const lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (let index = 0; index < 8; index++) {
    const [name, before] = [String.fromCharCode(98 + index), String.fromCharCode(97 + index)];
    lines.push(`${name}: &${name} [${`*${before}, `.repeat(9)}*${before}]`);
  }
  assert.match(problemsOf(lines.join("\n"))[0] ?? "", /alias/i);
  assert.match(problemsOf("#".repeat(1024 * 1024 + 1))[0] ?? "", /longer than/);
});

test("a key that stands twice is told", () => {
  assert.deepEqual(problemsOf("rules: []\nschema: {}\nrules: []\n"), [
    'rules.yaml:3:1: "rules" stands here twice',
  ]);
});
