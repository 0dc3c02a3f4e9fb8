import assert from "node:assert/strict";
import test from "node:test";
import type { Json, JsonObject } from "../base/index.ts";
import { compileWorkflow } from "./compile.ts";
import { defaultRetry, type KindWork, noRetry, type Step } from "./definition.ts";
import { WorkflowInvalid } from "./errors.ts";
import { compileConfig, compileValue } from "./evaluator.ts";
import type { Scope } from "./expressions/index.ts";
import { kindRegistry } from "./kinds.ts";
import { kinds, load, steps, supportTriage } from "./testing.ts";

const scope = (names: JsonObject): Scope => ({
  get: (name) => (Object.hasOwn(names, name) ? names[name] : undefined),
});

function stepsOf(...lines: string[]): readonly Step[] {
  return load(steps(...lines)).workflow.block.steps;
}

function kindWork(step: Step | undefined): KindWork {
  assert.ok(step?.work.type === "kind");
  return step.work;
}

test("what has no expression is handed out as it is, never copied", () => {
  const value: Json = { a: [1, { b: "text" }], c: null };
  assert.equal(compileValue(value)(scope({})), value);
});

test("constant parts of a value that changes are not copied either", () => {
  const constant: Json = { deep: [1, 2] };
  const made = compileValue({ constant, text: "{{ x }}" })(scope({ x: 5 })) as JsonObject;
  assert.deepEqual(made, { constant, text: 5 });
  assert.equal(made.constant, constant);
  const list = compileValue([constant, "{{ x }}"])(scope({ x: 5 })) as Json[];
  assert.equal(list[0], constant);
});

test("a sole expression keeps its type and hands on the data itself", () => {
  const data: Json = { documents: [1, 2] };
  assert.equal(compileValue("{{ data }}")(scope({ data })), data);
  assert.equal(compileValue("{{ data.documents }}")(scope({ data })), data.documents);
  assert.equal(compileValue("n = {{ n }}")(scope({ n: 1 })), "n = 1");
});

test("members keep the order in which they were written", () => {
  const made = compileValue({ z: 1, a: "{{ x }}", m: 2 })(scope({ x: 0 }));
  assert.deepEqual(Object.keys(made as JsonObject), ["z", "a", "m"]);
});

test("raw fields are never read, and lazy ones stay as they are written", () => {
  const script = kinds.get("script");
  const check = kinds.get("quality_check");
  assert.ok(script && check);
  const rules = [{ name: "r", holds: "{{ value > 1 }}" }];
  assert.deepEqual(compileConfig({ js: "`{{ x }}`", input: "{{ x }}" }, script)(scope({ x: 1 })), {
    js: "`{{ x }}`",
    input: 1,
  });
  assert.deepEqual(compileConfig({ value: "{{ x }}", rules }, check)(scope({ x: 1 })), { value: 1, rules });
  const config = { js: "{{ x }}" };
  assert.equal(compileConfig(config, script)(scope({})), config);
});

test("needs are places, both ways", () => {
  const found = stepsOf(
    "  - { id: a, transform: { value: 1 } }",
    "  - { id: b, needs: [], transform: { value: 1 } }",
    "  - { id: c, needs: [a, b], transform: { value: 1 } }",
    "  - { id: d, transform: { value: 1 } }",
  );
  assert.deepEqual(
    found.map(({ index, needs, neededBy }) => [index, needs, neededBy]),
    [
      [0, [], [2]],
      [1, [], [2]],
      [2, [0, 1], [3]],
      [3, [2], []],
    ],
  );
});

test("kinds that call out retry by default, others do not", () => {
  const [call, plain, own] = stepsOf(
    "  - { id: a, tool: { name: x } }",
    "  - { id: b, transform: { value: 1 } }",
    "  - { id: c, transform: { value: 1 }, retry: { attempts: 7 }, timeout: 2s }",
  );
  assert.deepEqual(kindWork(call).retry, defaultRetry);
  assert.deepEqual(kindWork(plain).retry, noRetry);
  assert.deepEqual(kindWork(own).retry, { ...defaultRetry, attempts: 7 });
  assert.equal(kindWork(plain).timeoutMs, null);
  assert.equal(kindWork(own).timeoutMs, 2_000);
});

test("a fallback is work of its own, with the step's time limit and the fields of both", () => {
  const [step] = stepsOf(
    '  - { id: a, tool: { name: x }, timeout: 3s, fallback: { inference: { prompt: draft-reply, input: { x: "{{ input }}" } } } }',
  );
  const { fallback } = kindWork(step);
  assert.ok(fallback);
  assert.equal(fallback.kind.name, "inference");
  assert.equal(fallback.timeoutMs, 3_000);
  assert.deepEqual(fallback.retry, defaultRetry);
  assert.deepEqual(fallback.config(scope({ input: 1 })), { prompt: "draft-reply", input: { x: 1 } });
  assert.deepEqual(step?.fields, ["status", "confidence", "model", "cost"]);
});

test("conditions and failure policy", () => {
  const [step, other] = stepsOf(
    '  - { id: a, if: "{{ input.n > 1 }}", transform: { value: 1 }, on_failure: fail }',
    "  - { id: b, if: false, transform: { value: 1 } }",
  );
  assert.equal(step?.condition?.(scope({ input: { n: 2 } })), true);
  assert.equal(step?.condition?.(scope({ input: { n: 0 } })), false);
  assert.equal(step?.onFailure, "fail");
  assert.equal(other?.condition?.(scope({})), false);
  assert.equal(other?.onFailure, "pause");
});

test("blocks", () => {
  const [both, each, choose, again] = stepsOf(
    "  - { id: both, parallel: [{ id: p, transform: { value: 1 } }, { id: q, transform: { value: 2 } }] }",
    '  - { id: each, map: { over: "{{ input }}", concurrency: 3, on_item_error: keep, steps: [{ id: r, transform: { value: "{{ item }}" } }] } }',
    '  - { id: choose, branch: [{ when: "{{ input }}", steps: [{ id: s, transform: { value: 1 } }] }, { steps: [{ id: t, transform: { value: 2 } }] }] }',
    '  - { id: again, loop: { until: "{{ u.value }}", max: 4, steps: [{ id: u, transform: { value: 1 } }] } }',
  ).map((step) => step.work);
  assert.ok(
    both?.type === "parallel" && each?.type === "map" && choose?.type === "branch" && again?.type === "loop",
  );
  assert.deepEqual(
    both.block.steps.map(({ id, needs }) => [id, needs]),
    [
      ["p", []],
      ["q", []],
    ],
  );
  assert.deepEqual([each.concurrency, each.onItemError, each.over(scope({ input: [1] }))], [3, "keep", [1]]);
  assert.equal(kindWork(each.block.steps[0]).config(scope({ item: 9 })) && each.block.steps[0]?.id, "r");
  assert.deepEqual(
    choose.arms.map((arm) => [arm.when?.(scope({ input: 1 })), arm.block.steps[0]?.id]),
    [
      [1, "s"],
      [undefined, "t"],
    ],
  );
  assert.deepEqual([again.timesMax, again.until?.(scope({ u: { value: 5 } }))], [4, 5]);
});

test("a document from the journal compiles without any asset, to the same version", () => {
  const { document, workflow } = load(supportTriage);
  const back = compileWorkflow(JSON.parse(JSON.stringify(document)), kinds);
  assert.equal(back.version, workflow.version);
  assert.deepEqual(
    back.block.steps.map(({ id, needs, fields }) => [id, needs, fields]),
    workflow.block.steps.map(({ id, needs, fields }) => [id, needs, fields]),
  );
  const names = scope({ intent: { value: "refund" }, approval: { value: "Dear" } });
  assert.deepEqual(back.output?.(names), { intent: "refund", reply: "Dear" });
  assert.deepEqual(back.checkInput({}), ["input.message: required"]);
});

test("a document loads as plain objects, as it will come back from the journal", () => {
  const { document } = load(supportTriage);
  assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
  assert.equal(Object.getPrototypeOf(document.steps[0]?.config), Object.prototype);
});

test("without output, the workflow has none of its own", () => {
  assert.equal(load(steps("  - { id: a, transform: { value: 1 } }")).workflow.output, undefined);
});

test("a kind that this engine does not have is named", () => {
  const { document } = load(supportTriage);
  const few = kindRegistry([...kinds.values()].filter((kind) => kind.name !== "human_review"));
  assert.throws(
    () => compileWorkflow(document, few),
    (error) =>
      error instanceof WorkflowInvalid &&
      error.problems[0]?.message === "this engine has no kind of step called `human_review`",
  );
});
