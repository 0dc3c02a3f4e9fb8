import assert from "node:assert/strict";
import test from "node:test";
import { dataFlow, describe } from "./describe.ts";
import { load, steps, supportTriage } from "./testing.ts";

const nested = steps(
  "  - { id: start, inference: { prompt: draft-reply } }",
  "  - id: each",
  "    map:",
  '      over: "{{ start.value }}"',
  "      steps:",
  '        - { id: fetch, tool: { http: { url: "{{ item }}" } } }',
  "        - id: again",
  "          loop:",
  '            until: "{{ send.value or fetch.status }}"',
  "            max: 2",
  '            steps: [{ id: send, if: "{{ index }}", tool: { name: x, input: "{{ start.cost }}{{ input }}{{ input.b.c }}" } }]',
  '  - { id: choose, needs: [start], branch: [{ when: "{{ input.a }}", steps: [{ id: yes, transform: { value: "{{ steps.start.value }}" } }] }] }',
  '  - { id: last, transform: { value: 1 }, fallback: { emit: { event: "{{ choose.value }}" } } }',
);

test("a dry run shows every step with its kind, effect and what it waits for", () => {
  const lines = describe(load(nested).workflow).map(
    ({ path, depth, kind, effect, after, conditional }) =>
      `${depth} ${path} ${kind} ${effect} [${after}]${conditional ? " if" : ""}`,
  );
  assert.deepEqual(lines, [
    "0 start inference read []",
    "0 each map write [start]",
    "1 each.fetch tool read []",
    "1 each.again loop write [fetch]",
    "2 each.again.send tool write [] if",
    "0 choose branch none [start]",
    "1 choose.yes transform none []",
    "0 last transform write [choose]",
  ]);
});

test("the data flow names what each step reads", () => {
  const flow = dataFlow(load(nested).workflow).map(
    ({ path, steps, input }) => `${path} <- ${[...steps]} | ${[...input]}`,
  );
  assert.deepEqual(flow, [
    "start <-  | ",
    "each <- start | ",
    "each.fetch <-  | ",
    "each.again <- each.fetch | ",
    "each.again.send <- start | *,b",
    "choose <-  | a",
    "choose.yes <- start | ",
    "last <- choose | ",
  ]);
});

test("the example of the design", () => {
  const { workflow } = load(supportTriage);
  assert.deepEqual(
    dataFlow(workflow).map(({ path, steps }) => [path, steps]),
    [
      ["intent", []],
      ["similar", []],
      ["draft", ["similar"]],
      ["approval", ["draft", "intent", "similar"]],
      ["send", ["approval"]],
    ],
  );
});
