import assert from "node:assert/strict";
import test from "node:test";
import { InvalidJson } from "../base/index.ts";
import { defineWorkflow, type WorkflowDefinition } from "./builder.ts";
import { WorkflowInvalid } from "./errors.ts";
import { loadWorkflow } from "./load.ts";
import { assets, kinds, load, steps, supportTriage } from "./testing.ts";

const build = (definition: WorkflowDefinition) =>
  loadWorkflow({ definition: defineWorkflow(definition), kinds, assets });

function problemsOf(definition: WorkflowDefinition): readonly string[] {
  try {
    build(definition);
    return [];
  } catch (error) {
    assert.ok(error instanceof WorkflowInvalid);
    return error.problems.map(({ message }) => message);
  }
}

test("the builder makes the same version as the file", () => {
  const built = build({
    workflow: "support-triage",
    description: "Answer routine customer messages; give a person the rest.",
    input: {
      type: "object",
      required: ["message"],
      properties: { message: { type: "string", maxLength: 8000 }, customer: { type: "string" } },
    },
    targets: { automated: 0.7, accuracy: "95%", timeToResultP50: 2, costMean: 0.01 },
    on: [{ webhook: "tickets" }],
    steps: [
      {
        id: "intent",
        inference: { prompt: "classify-intent", route: "intent", input: { text: "{{ input.message }}" } },
      },
      { id: "similar", retrieval: { index: "help-center", query: "{{ input.message }}", limit: 3 } },
      {
        id: "draft",
        inference: {
          prompt: "draft-reply",
          route: "drafting",
          input: { message: "{{ input.message }}", sources: "{{ similar.documents }}" },
        },
      },
      {
        id: "approval",
        humanReview: {
          draft: "{{ draft.value }}",
          evidence: "{{ similar.documents }}",
          confidence: "{{ intent.confidence }}",
          below: 0.85,
          when: "{{ intent.value in ['refund', 'fraud'] }}",
          assign: "support",
          within: "4h",
        },
      },
      {
        id: "send",
        tool: { name: "reply", input: { to: "{{ input.customer }}", body: "{{ approval.value }}" } },
      },
    ],
    output: { intent: "{{ intent.value }}", reply: "{{ approval.value }}" },
  });
  const file = load(supportTriage);
  assert.deepEqual(built.document, file.document);
  assert.equal(built.workflow.version, file.workflow.version);
});

test("blocks and step fields in their JSON spelling", () => {
  const built = build({
    workflow: "w",
    steps: [
      {
        id: "each",
        map: {
          over: "{{ input.items }}",
          onItemError: "keep",
          steps: [{ id: "x", transform: { value: "{{ item }}" } }],
        },
        onFailure: "fail",
      },
      {
        id: "call",
        tool: { name: "t" },
        retry: { attempts: 2, backoff: "1s" },
        timeout: 5,
        if: true,
        needs: [],
      },
      {
        id: "loop_it",
        loop: { max: 2, until: "{{ y.value }}", steps: [{ id: "y", transform: { value: 1 } }] },
      },
      { id: "pick", branch: [{ when: true, steps: [{ id: "z", transform: { value: 1 } }] }] },
      { id: "both", parallel: [{ id: "p", transform: { value: 1 } }] },
    ],
  });
  const file = load(
    steps(
      "  - id: each",
      '    map: { over: "{{ input.items }}", on_item_error: keep, steps: [{ id: x, transform: { value: "{{ item }}" } }] }',
      "    on_failure: fail",
      "  - { id: call, tool: { name: t }, retry: { attempts: 2, backoff: 1s }, timeout: 5s, if: true, needs: [] }",
      '  - { id: loop_it, loop: { max: 2, until: "{{ y.value }}", steps: [{ id: y, transform: { value: 1 } }] } }',
      "  - { id: pick, branch: [{ when: true, steps: [{ id: z, transform: { value: 1 } }] }] }",
      "  - { id: both, parallel: [{ id: p, transform: { value: 1 } }] }",
    ),
  );
  assert.deepEqual(built.document, file.document);
  assert.equal(built.workflow.version, file.workflow.version);
});

test("problems begin with the path, since there are no lines", () => {
  assert.deepEqual(
    problemsOf({
      workflow: "w",
      steps: [
        { id: "a", retrieval: { index: "nowhere", query: "x", limt: 1 } },
        { id: "b", transform: { value: ["{{ c.value }}"] } },
        { id: "c", humanReview: { draft: "x", onReject: "skip" } },
      ],
    }),
    [
      "steps[0].retrieval.limt: `limt`: unknown field; did you mean `limit`?",
      'steps[2].humanReview.onReject: `onReject`: expected `end` or `continue`, found text "skip"',
      "steps[1].transform.value[0]: `c` does not surely come before this step: it stands below",
    ],
  );
});

test("what is no plain data is refused with its path", () => {
  assert.throws(
    () => defineWorkflow({ workflow: "w", steps: [{ id: "a", transform: { value: () => 1 } }] }),
    (error) => error instanceof InvalidJson && error.path === "definition.steps[0].transform.value",
  );
});

test("hostile keys are refused in definitions, too", () => {
  const hostile = JSON.parse('{ "__proto__": { "polluted": 1 } }');
  assert.deepEqual(problemsOf({ workflow: "w", steps: [{ id: "a", transform: { value: [hostile] } }] }), [
    "steps[0].transform.value[0].__proto__: `__proto__` cannot be a key",
  ]);
});
