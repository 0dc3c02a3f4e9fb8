import assert from "node:assert/strict";
import test from "node:test";
import type { FlatForm } from "./flat.ts";
import { load, problemsOf } from "./testing.ts";

const lines = (...texts: string[]) => `${texts.join("\n")}\n`;

test("a flat workflow is the same document as one with steps", () => {
  const flat = lines(
    "name: triage",
    "input: { properties: { message: { type: string } } }",
    "workflow:",
    "  - name: find-articles",
    "    type: retrieval",
    "    index: help-center",
    '    query: "{{ input.message }}"',
    "  - name: draft",
    "    type: inference",
    "    prompt: draft-reply",
    "    max_tokens: 50",
    '    input: { sources: "{{ find_articles.documents }}" }',
    "    timeout: 5s",
    "    on_failure: fail",
    'output: "{{ draft.value }}"',
  );
  const plain = lines(
    "workflow: triage",
    "input: { properties: { message: { type: string } } }",
    "steps:",
    "  - id: find_articles",
    '    retrieval: { index: help-center, query: "{{ input.message }}" }',
    "  - id: draft",
    '    inference: { prompt: draft-reply, max_tokens: 50, input: { sources: "{{ find_articles.documents }}" } }',
    "    timeout: 5s",
    "    on_failure: fail",
    'output: "{{ draft.value }}"',
  );
  assert.deepEqual(load(flat).document, load(plain).document);
  assert.equal(load(flat).workflow.version, load(plain).workflow.version);
});

test("without a name, the file gives it", () => {
  const text = lines("workflow:", "  - { name: a, type: transform, value: 1 }");
  assert.equal(load(text, { file: "flows/five stages.yaml" }).document.workflow, "five-stages");
  assert.equal(load(text, { file: "C:\\flows\\x.json" }).document.workflow, "x");
  assert.equal(load(text, { file: "42.yaml" }).document.workflow, "unnamed");
});

test("a step without input receives the previous value, where its kind takes one", () => {
  const { document } = load(
    lines(
      "workflow:",
      "  - { name: first, type: emit, event: started }",
      "  - { name: in value, type: transform }",
      "  - { name: in input, type: script, js: x }",
      "  - { name: own, type: script, js: x, input: 5 }",
      "  - { name: nowhere, type: emit, event: done }",
      "  - { name: needed, type: transform, needs: [own, first] }",
    ),
  );
  assert.deepEqual(
    document.steps.map(({ id, config }) => [id, config]),
    [
      ["first", { event: "started" }],
      ["in_value", { value: "{{ first.value }}" }],
      ["in_input", { js: "x", input: "{{ in_value.value }}" }],
      ["own", { js: "x", input: 5 }],
      ["nowhere", { event: "done" }],
      ["needed", { value: "{{ first.value }}" }],
    ],
  );
});

test("the first step has no previous value", () => {
  const text = lines("workflow:", "  - { name: first, type: transform }");
  assert.deepEqual(problemsOf(text), ["2:5 `value`: missing; expected any value"]);
});

/** How an engine would write the fields of the five-stage document. */
const flat: FlatForm = {
  inference: ({ promptTemplate, ...rest }, previous) =>
    typeof promptTemplate === "string"
      ? {
          kind: "inference",
          config: { ...rest, prompt: { text: `file ${promptTemplate}` }, input: { previous } },
        }
      : { problem: "`prompt_template`: missing; expected the name of a file" },
  transform: ({ script }, previous) => ({
    kind: "script",
    config: { js: `run ${script}`, input: `{{ ${previous}.value }}` },
  }),
  retrain: ({ trigger }) =>
    trigger === "performance_drop"
      ? { kind: "emit", config: { event: "retrain.requested", data: { trigger } } }
      : {
          problem: `\`trigger\`: expected performance_drop, found ${JSON.stringify(trigger)}`,
          field: "trigger",
        },
};

test("kinds with other names in the flat form are converted by the one who knows them", () => {
  const { document } = load(
    lines(
      "workflow:",
      "  - { name: start, type: retrieval, index: help-center, query: q }",
      "  - { name: clean, type: transform, script: preprocess.py }",
      "  - { name: answer, type: inference, prompt_template: answer.jinja }",
      "  - { name: improve, type: retrain, trigger: performance_drop }",
    ),
    { flat },
  );
  assert.deepEqual(
    document.steps.slice(1).map(({ kind, config }) => [kind, config]),
    [
      ["script", { js: "run preprocess.py", input: "{{ start.value }}" }],
      ["inference", { prompt: { text: "file answer.jinja" }, input: { previous: "clean" } }],
      ["emit", { event: "retrain.requested", data: { trigger: "performance_drop" } }],
    ],
  );
});

test("mistakes in the flat form, each at its place", () => {
  const text = lines(
    "workflow:",
    "  - { name: a, type: retrieval, source: s3://bucket/docs, index: help-center, query: q }",
    "  - { name: b, type: infrence, prompt: x }",
    "  - { name: c, type: inference }",
    "  - { name: d, type: retrain, trigger: moon }",
    "  - { name: e, type: map, over: [1] }",
    "  - { type: emit, event: x }",
    "  - { name: g, event: x }",
    "  - { name: 7up, type: emit, event: x }",
    "  - { name: h, type: emit, event: 5 }",
    "  - { name: h, type: emit, event: x, undo: y }",
    "  - text",
  );
  assert.deepEqual(problemsOf(text, { flat }), [
    "2:41 `source`: object storage (s3://) is not available yet; a local path works",
    "3:22 unknown type `infrence`; did you mean `inference`?",
    "4:5 `prompt_template`: missing; expected the name of a file",
    '5:40 `trigger`: expected performance_drop, found "moon"',
    "6:22 `map` has no flat form: write the workflow with `steps:`",
    "7:5 `name`: missing; expected an id: small letters, digits and _, a letter first",
    "8:5 `type`: missing; expected the kind of the step",
    "9:13 `name`: expected an id: small letters, digits and _, a letter first",
    "10:35 `event`: expected text, found 5",
    "11:13 two steps of this block are called `h`",
    '11:44 `undo`: expected a mapping, found text "y"',
    '12:5 expected a step: a mapping with `id` and a kind, found text "text"',
  ]);
});

test("the two forms do not mix", () => {
  const text = lines("workflow:", "  - { name: a, type: emit, event: x }", "steps: []");
  assert.match(problemsOf(text).join("\n"), /^3:1 `steps`: unknown field/);
  assert.deepEqual(problemsOf("workflow: []\n"), [
    "1:11 `workflow`: expected at least 1 item, found an empty list",
  ]);
});
