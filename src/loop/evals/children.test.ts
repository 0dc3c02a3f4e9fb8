import assert from "node:assert/strict";
import { test } from "node:test";
import { nextTurn } from "../../core/base/index.ts";
import { replay } from "./index.ts";
import { bench } from "./testing.ts";

const strict = { allow: new Set<string>(), simulate: false };

const child = (factor: number) => `
workflow: child
input: { type: object }
steps:
  - { id: noted, emit: { event: noted, data: "{{ input.n }}" } }
  - { id: product, transform: { value: "{{ input.n * ${factor} }}" } }
output: "{{ product.value }}"
`;

const parent = (add: number) => `
workflow: parent
input: { type: object }
steps:
  - { id: inner, workflow: { name: child, input: { n: "{{ input.n + ${add} }}" } } }
output: "{{ inner.value + 1 }}"
`;

async function recorded(t: Parameters<typeof bench>[0]) {
  const made = await bench(t, { "workflows/child.yaml": child(2), "parent.yaml": parent(0) });
  const run = await made.run(await made.open("parent.yaml"), "parent", { n: 5 });
  // A parent that waits for its child stands still, too.
  while (made.engine.control.run(run)?.endedAt === null) await nextTurn();
  return { ...made, run };
}

test("a changed child is walked over its own record: what it asks outside is not asked again", async (t) => {
  const made = await recorded(t);
  const same = await replay(
    { runs: [made.run], candidate: await made.open("parent.yaml"), permissions: strict },
    made.deps,
  );
  assert.deepEqual([same.items[0]?.reused, same.items[0]?.differences], [1, []]);
  made.write("workflows/child.yaml", child(3));
  const { items } = await replay(
    { runs: [made.run], candidate: await made.open("parent.yaml"), permissions: strict },
    made.deps,
  );
  assert.deepEqual(
    items[0]?.steps.map(({ path, how }) => [path, how]),
    [
      ["inner/noted", "reused"],
      ["inner/product", "computed"],
      ["inner", "rerun"],
    ],
  );
  assert.deepEqual(items[0]?.differences, [{ in: "output", at: "", before: 11, after: 16 }]);
});

test("a child with another input is stopped where it would write outside, and goes on where that is simulated", async (t) => {
  const made = await recorded(t);
  made.write("parent.yaml", parent(1));
  const request = { runs: [made.run], candidate: await made.open("parent.yaml") };
  const stopped = await replay({ ...request, permissions: strict }, made.deps);
  assert.deepEqual(
    [stopped.items[0]?.status, stopped.items[0]?.blockedEffects],
    ["blocked", [{ path: "inner/noted", effect: "write", name: "step:noted" }]],
  );
  const simulated = await replay({ ...request, permissions: { ...strict, simulate: true } }, made.deps);
  assert.deepEqual(simulated.items[0]?.differences, [{ in: "output", at: "", before: 11, after: 13 }]);
});
