import assert from "node:assert/strict";
import test from "node:test";
import { load, problemsOf } from "./testing.ts";

const flow = (capture: string, lines: readonly string[], tail: readonly string[] = []) =>
  [
    "workflow: w",
    `capture: ${capture}`,
    "input: { type: object, properties: { customer: { type: string }, amount: { type: number } } }",
    "steps:",
    ...lines,
    ...tail,
    "",
  ].join("\n");

const value = (id: string, text: string, more = "") =>
  `  - { id: ${id}, transform: { value: "${text}" }${more} }`;

/** The paths of these that are not kept, and whether the input and the output are. */
function gone(text: string, paths: readonly string[]): string {
  const { uncaptured } = load(text).workflow;
  assert.ok(uncaptured);
  const ends = [uncaptured.input ? "input" : [], uncaptured.output ? "output" : []].flat();
  return [...ends, ...paths.filter((path) => uncaptured.has(path))].join(" ");
}

test("what reads something that is not kept is not kept either, however far it is away", () => {
  const lines = [
    value("a", "{{ input.amount }}"),
    value("b", "{{ input.customer }}"),
    value("c", "{{ a.value }}"),
    value("d", "{{ steps.b.value | upper }}"),
    value("e", "{{ input }}"),
  ];
  const ids = ["a", "b", "c", "d", "e"];
  const output = ['output: { total: "{{ a.value }}" }'];
  assert.equal(gone(flow("{ off: [input.customer] }", lines, output), ids), "input b d e");
  assert.equal(gone(flow("{ off: [input.customer] }", lines), ids), "input output b d e");
  assert.equal(gone(flow("{ off: [input] }", lines, output), ids), "input output a b c d e");
  assert.equal(gone(flow("{ off: [steps.a] }", lines, output), ids), "output a c");
  assert.equal(gone(flow("{ off: [output] }", lines, output), ids), "output");
  assert.equal(gone(flow("off", lines, output), ids), "input output a b c d e");
  assert.equal(load(flow("off", lines)).document.capture, "off");
});

test("conditions, fallbacks and what takes back count as reading", () => {
  const lines = [
    value("a", "1", ', if: "{{ input.customer }}"'),
    value("b", "1", ', fallback: { transform: { value: "{{ input.customer }}" } }'),
    '  - { id: c, tool: { name: x, input: 1 }, undo: { tool: { name: x, input: "{{ input.customer }}" } } }',
    value("d", "1"),
  ];
  const ids = ["a", "b", "c", "c.undo", "d"];
  assert.equal(gone(flow("{ off: [input.customer] }", lines, ["output: 1"]), ids), "input a b c c.undo");
});

test("a block is not kept for what it decides by or holds; its other steps are, unless it decides by it", () => {
  const lines = [
    "  - id: items",
    "    map:",
    '      over: "{{ [1, 2] }}"',
    "      steps:",
    '        - { id: plain, transform: { value: "{{ item }}" } }',
    '        - { id: named, transform: { value: "{{ input.customer }}" } }',
    "  - id: each",
    "    map:",
    '      over: "{{ input.customer }}"',
    "      steps:",
    '        - { id: one, transform: { value: "{{ item }}" } }',
  ];
  const paths = ["items", "items[0].plain", "items[1].named", "each", "each[7].one"];
  assert.equal(
    gone(flow("{ off: [input.customer] }", lines, ["output: 1"]), paths),
    "input items items[1].named each each[7].one",
  );
  assert.equal(
    gone(flow("{ off: [steps.items] }", lines, ["output: 1"]), paths),
    "items items[0].plain items[1].named",
  );
});

test("a name that leads nowhere is told where it stands", () => {
  const problems = problemsOf(
    flow("{ off: [input.custmer, steps.aa, steps.a.value, run.id, output] }", [value("a", "1")]),
  );
  assert.equal(problems.length, 4);
  for (const [index, expected] of [
    /`custmer`; did you mean `customer`/,
    /no step `aa`/,
    /whole/,
    /whole/,
  ].entries())
    assert.match(problems[index] ?? "", expected);
  assert.match(problems[0] ?? "", /^2:\d+/);
  assert.match(problemsOf(flow("on", [value("a", "1")]))[0] ?? "", /capture/);
});

test("a key of a limit may not read what is not kept, because tables keep it", () => {
  const limit = 'concurrency: { limit: 1, key: "{{ input.customer }}" }';
  const [problem] = problemsOf(flow("{ off: [input.customer] }", [value("a", "1")], [limit]));
  assert.match(problem ?? "", /its key would keep.*run\.tags/);
  assert.equal(problemsOf(flow("off", [value("a", "1")], [limit])).length, 1);
  const step = value("b", "1", ', rate: { limit: 1, per: 1s, key: "{{ a.value }}" }');
  assert.equal(problemsOf(flow("{ off: [steps.a] }", [value("a", "1"), step])).length, 1);
  const tag = 'concurrency: { limit: 1, key: "{{ run.tags.tenant }}" }';
  assert.ok(load(flow("off", [value("a", "1")], [tag])));
  assert.ok(load(flow("{ off: [steps.a] }", [value("a", "1")], [limit])));
});

test("what is emitted is warned of, because others keep it", () => {
  const emit = '  - { id: say, emit: { event: "{{ a.value }}" } }';
  const warnings = (capture: string) => load(flow(capture, [value("a", "1"), emit])).warnings.length;
  assert.deepEqual([warnings("{ off: [steps.a] }"), warnings("{ off: [input.customer] }")], [1, 0]);
});
