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

test("a tier is put before all that a route tries", () => {
  const change = { kind: "cascade", step: "s", route: "r", model: "own", below: 0.8 } as const;
  assert.equal(
    edited("try: [large, other] # both\ncache: 1h\n", change),
    "tiers: [{ try: [own], below: 0.8 }, { try: [large, other] }] # both\ncache: 1h\n",
  );
  assert.equal(
    edited("cache: 1h\ntry:\n  - large\n  - other\ntimeout: 2s\n", change),
    "cache: 1h\ntiers: [{ try: [own], below: 0.8 }, { try: [large, other] }]\ntimeout: 2s\n",
  );
  assert.equal(
    edited("{ try: [large], cache: 1h }", change),
    "{ tiers: [{ try: [own], below: 0.8 }, { try: [large] }], cache: 1h }",
  );
  const flow = "tiers: [{ try: [small], below: 0.9 }, { try: [large] }]\n";
  assert.equal(edited(flow, change), flow.replace("[{", "[{ try: [own], below: 0.8 }, {"));
  const block = "tiers:\n  - try: [small]\n    below: 0.9\n  - try: [large]\n";
  assert.equal(
    edited(block, change),
    block.replace("  - try: [small]", "  - { try: [own], below: 0.8 }\n  - try: [small]"),
  );
  const last = { kind: "swap_model", step: "s", route: "r", from: "large", to: "small" } as const;
  const cascaded = "tiers: [{ try: [own], below: 0.8 }, { try: [large] }]\n";
  assert.equal(edited(cascaded, last), cascaded.replace("large", "small"));
  assert.throws(() => edited("fallback: [person]\n", change), { code: "EDIT_IMPOSSIBLE" });
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
