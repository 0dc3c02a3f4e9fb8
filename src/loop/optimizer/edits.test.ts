import assert from "node:assert/strict";
import { test } from "node:test";
import { edited } from "./edits.ts";

const workflow = `workflow: w # kept
input: { required: [ a,b ] }
steps:
  - id: one   # first
    inference: { route: r }
  - { id: two, inference: { route: r } }
  - id: three
    human_review:
      draft: x
      below: 0.9 # careful
`;

test("nothing changes but what is meant", () => {
  assert.equal(
    edited(workflow, { kind: "change_threshold", step: "three", below: 0.7 }),
    workflow.replace("below: 0.9 #", "below: 0.7 #"),
  );
  assert.equal(
    edited(workflow, { kind: "add_cache", step: "one", forMs: 7_200_000 }),
    workflow.replace("    inference: { route: r }\n", "    cache: 2h\n    inference: { route: r }\n"),
  );
  assert.equal(
    edited(workflow, { kind: "parallelize", needs: { two: [], three: ["one", "two"] } }),
    workflow
      .replace("two, inf", "two, needs: [], inf")
      .replace("    human_review", "    needs: [one, two]\n    human_review"),
  );
});

test("the flat form and routes with tiers are edited as they are written", () => {
  const flat = "workflow:\n  - name: Ask me\n    type: human_review\n    below: 0.9\n";
  assert.equal(
    edited(flat, { kind: "change_threshold", step: "Ask_me", below: 0.5 }),
    flat.replace("0.9", "0.5"),
  );
  const swap = { kind: "swap_model", step: "s", route: "r", from: "large", to: "small" } as const;
  assert.equal(edited("try: [large, other]\n", swap), "try: [small, other]\n");
  const tiers = "tiers: [{ try: [large], below: 0.9 }, { try: [large] }]\n";
  assert.equal(edited(tiers, swap), tiers.replace("large", "small"));
});

test("what a text has no place for is refused", () => {
  const refused = { code: "EDIT_IMPOSSIBLE" };
  assert.throws(() => edited("- 1", { kind: "add_cache", step: "one", forMs: 1 }), refused);
  assert.throws(() => edited(workflow, { kind: "add_cache", step: "four", forMs: 1 }), refused);
  const expression = workflow.replace("below: 0.9", "below: { a: 1 }");
  assert.throws(() => edited(expression, { kind: "change_threshold", step: "three", below: 0.7 }), refused);
  const swap = { kind: "swap_model", step: "s", route: "r", from: "absent", to: "small" } as const;
  assert.throws(() => edited("try: [large]\n", swap), refused);
});
