import assert from "node:assert/strict";
import test from "node:test";
import { canonicalJson, type Json, sha256 } from "../base/index.ts";
import { load, right, steps, supportTriage } from "./testing.ts";

const first = (text: string) => {
  const [step] = load(text).document.steps;
  assert.ok(step);
  return step;
};

test("the example of the design loads, with every asset that it names", () => {
  const { document, workflow, references, warnings } = load(supportTriage);
  assert.equal(workflow.name, "support-triage");
  assert.deepEqual(
    references.map(({ kind, name }) => `${kind} ${name}`),
    ["prompt classify-intent", "route intent", "index help-center", "prompt draft-reply", "route drafting"],
  );
  assert.equal(workflow.version, sha256(canonicalJson(document as unknown as Json)));
  assert.deepEqual(
    warnings.map(({ line, column, message }) => `${line}:${column} ${message}`),
    ["8:1 `on`: triggers are kept, but nothing starts this workflow yet"],
  );
  assert.deepEqual(document.on, [{ webhook: "tickets" }]);
});

test("targets are in base units", () => {
  const { document } = load(
    `workflow: w\ntargets: { automated: 70%, accuracy: 0.95, time_to_result_p50: 1m30s, cost_mean: $0.01, review_minutes_mean: 1 }\nsteps:\n${right}\n`,
  );
  assert.deepEqual(document.targets, {
    automated: 0.7,
    accuracy: 0.95,
    timeToResultP50Ms: 90_000,
    costMeanUsd: 0.01,
    reviewMinutesMean: 1,
  });
});

test("the fields of a step are normal: kind and config apart, units in the name, retry complete", () => {
  const step = first(
    steps(
      "  - id: a",
      "    tool: { name: x }",
      '    if: "{{ input.go }}"',
      "    needs: []",
      "    retry: { attempts: 2, backoff: 1s }",
      "    timeout: 30s",
      "    fallback: { human_review: { draft: sorry, on_reject: continue } }",
      "    on_failure: fail",
    ),
  );
  assert.deepEqual(step, {
    id: "a",
    kind: "tool",
    config: { name: "x" },
    if: "{{ input.go }}",
    needs: [],
    retry: {
      attempts: 2,
      backoffMs: 1_000,
      factor: 2,
      maxMs: 30_000,
      on: ["rate_limit", "server", "network", "timeout"],
    },
    timeoutMs: 30_000,
    fallback: { kind: "human_review", config: { draft: "sorry", onReject: "continue" } },
    onFailure: "fail",
  });
});

test("blocks are normal: their steps in their config, with defaults", () => {
  const { document } = load(
    steps(
      "  - id: both",
      "    parallel:",
      "      - { id: x, transform: { value: 1 } }",
      "  - id: each",
      "    map:",
      '      over: "{{ input.items }}"',
      '      steps: [{ id: y, transform: { value: "{{ item.name }} {{ index }} {{ both.value.x }}" } }]',
      "  - id: choose",
      "    branch:",
      '      - { when: "{{ each.value }}", steps: [{ id: yes, transform: { value: 1 } }] }',
      "      - { steps: [{ id: no, transform: { value: 2 } }] }",
      "  - id: again",
      "    loop:",
      '      until: "{{ z.value > index }}"',
      "      max: 3",
      "      steps: [{ id: z, transform: { value: 1 } }]",
    ),
  );
  const step = (id: string, value: Json) => ({ id, kind: "transform", config: { value } });
  assert.deepEqual(document.steps, [
    { id: "both", kind: "parallel", config: { steps: [step("x", 1)] } },
    {
      id: "each",
      kind: "map",
      config: {
        over: "{{ input.items }}",
        concurrency: 8,
        onItemError: "fail",
        steps: [step("y", "{{ item.name }} {{ index }} {{ both.value.x }}")],
      },
    },
    {
      id: "choose",
      kind: "branch",
      config: {
        arms: [{ when: "{{ each.value }}", steps: [step("yes", 1)] }, { steps: [step("no", 2)] }],
      },
    },
    { id: "again", kind: "loop", config: { until: "{{ z.value > index }}", max: 3, steps: [step("z", 1)] } },
  ]);
});

test("keys of the format may be spelled either way, and keys of user data never change", () => {
  const config = {
    prompt: { text: "x" },
    input: { snake_key: { deep_key: 1 }, camelKey: 2 },
    output: { type: "object", properties: { refund_reason: {} } },
    maxTokens: 5,
  };
  const snake = steps(
    "  - id: a",
    "    inference:",
    "      prompt: { text: x }",
    "      input: { snake_key: { deep_key: 1 }, camelKey: 2 }",
    "      output: { type: object, properties: { refund_reason: {} } }",
    "      max_tokens: 5",
  );
  const camel = snake.replace("max_tokens", "maxTokens");
  assert.deepEqual(first(snake).config, config);
  assert.deepEqual(first(camel).config, config);
  assert.equal(load(snake).workflow.version, load(camel).workflow.version);
});

test("JSON is the same document in its own spelling", () => {
  const yaml = steps(
    "  - id: a",
    "    human_review: { draft: x, on_reject: continue, within: 4h }",
    "    on_failure: fail",
  );
  const json = JSON.stringify({
    workflow: "w",
    steps: [{ id: "a", humanReview: { draft: "x", onReject: "continue", within: "4h" }, onFailure: "fail" }],
  });
  assert.deepEqual(load(json).document, load(yaml).document);
  assert.equal(load(json).workflow.version, load(yaml).workflow.version);
});

test("a default that is written out is the same version as one that is not", () => {
  const short = steps("  - { id: a, retrieval: { index: help-center, query: x } }");
  const long = steps("  - { id: a, retrieval: { query: x, index: help-center, limit: 5 } }");
  assert.equal(load(short).workflow.version, load(long).workflow.version);
});

test("an expression may stand where a number is expected", () => {
  const text = steps(
    '  - { id: a, retrieval: { index: help-center, query: x, limit: "{{ input.limit }}" } }',
  );
  assert.equal(first(text).config.limit, "{{ input.limit }}");
});

test("order is free where needs say so, and what comes surely before may be named", () => {
  load(
    steps(
      '  - { id: last, needs: [left, right], transform: { value: "{{ left.value }}{{ right.value }}{{ start.value }}" } }',
      "  - { id: start, needs: [], transform: { value: 1 } }",
      '  - { id: left, needs: [start], transform: { value: "{{ steps.start.value }}" } }',
      '  - { id: right, needs: [start], transform: { value: "{{ start.skipped }}" } }',
    ),
  );
});

test("inner blocks see the steps before them and the names of the blocks around", () => {
  load(
    steps(
      "  - { id: start, inference: { prompt: draft-reply } }",
      "  - id: outer",
      "    map:",
      '      over: "{{ start.value }}"',
      "      steps:",
      "        - { id: before, transform: { value: 1 } }",
      "        - id: inner",
      "          loop:",
      "            max: 2",
      '            until: "{{ deep.value and before.value and item and index }}"',
      "            steps:",
      '              - { id: deep, transform: { value: "{{ start.confidence }}{{ before.value }}{{ item }}{{ index }}" } }',
      "  - id: choose",
      "    branch:",
      "      - { when: true, steps: [{ id: draft, transform: { value: 1 } }] }",
      "      - { steps: [{ id: draft, transform: { value: 2 } }] }",
    ),
  );
});

test("the fields of a fallback may be named, and those of a loop", () => {
  load(
    steps(
      "  - { id: a, transform: { value: 1 }, fallback: { inference: { prompt: draft-reply } } }",
      "  - { id: b, loop: { max: 2, steps: [{ id: c, transform: { value: 1 } }] } }",
      '  - { id: d, transform: { value: "{{ a.confidence }} {{ b.iterations }}" } }',
    ),
  );
});

test("a guarded reference may name an absent field, and members of the input that are not listed", () => {
  const text = `workflow: w\ninput: { properties: { x: {} } }\n${steps(
    right,
    '  - { id: b, transform: { value: "{{ a.confidence | default(1) }}{{ input.y | default(2) }}{{ input.z is defined }}" } }',
  ).replace("workflow: w\n", "")}`;
  load(text);
});

test("members of the input are free unless the schema lists them", () => {
  const use = '  - { id: a, transform: { value: "{{ input.any }}" } }';
  for (const schema of [
    "{}",
    "{ type: object }",
    "{ properties: { x: {} }, additionalProperties: true }",
    "{ properties: { x: {} }, additionalProperties: { type: string } }",
    "{ properties: { x: {} }, patternProperties: { '^a': {} } }",
    "{ properties: { x: {} }, allOf: [{ properties: { any: {} } }] }",
    "{ properties: { x: {}, any: {} }, additionalProperties: false }",
  ])
    load(`workflow: w\ninput: ${schema}\nsteps:\n${use}\n`);
});

test("names of `run`, of secrets and of lazy fields", () => {
  load(
    steps(
      '  - { id: a, transform: { value: "{{ run.id }}{{ run.workflow }}{{ run.started_at }}{{ run.tags.tenant }}" } }',
      '  - { id: b, tool: { http: { url: x, headers: { Authorization: "{{ secrets.KEY }}" } } } }',
      '  - { id: c, quality_check: { value: 1, rules: [{ name: r, holds: "{{ value > a.value and checked }}" }] } }',
    ),
  );
});

test("words of other template languages are free as ids", () => {
  load(
    steps(
      "  - { id: filter, transform: { value: 1 } }",
      '  - { id: call, transform: { value: "{{ filter.value }}" } }',
    ),
  );
});

test("an input schema with unknown keywords loads with a warning", () => {
  const { warnings } = load(`workflow: w\ninput: { requred: [a], x-note: mine }\nsteps:\n${right}\n`);
  assert.deepEqual(
    warnings.map(({ line, column, message }) => `${line}:${column} ${message}`),
    ["2:10 `requred`: JSON Schema has no such keyword, so it checks nothing; did you mean `required`?"],
  );
});

test("assets are named once, in the order of the document, whatever block they stand in", () => {
  const { references } = load(
    steps(
      "  - id: both",
      "    parallel:",
      "      - { id: x, inference: { prompt: draft-reply, route: drafting } }",
      "      - { id: y, inference: { prompt: draft-reply } }",
      "  - { id: z, transform: { value: 1 }, fallback: { retrieval: { index: help-center, query: q } } }",
    ),
  );
  assert.deepEqual(
    references.map((asset) => asset.name),
    ["draft-reply", "drafting", "help-center"],
  );
});
