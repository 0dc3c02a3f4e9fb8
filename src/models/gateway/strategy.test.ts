import assert from "node:assert/strict";
import { test } from "node:test";
import { Statistics } from "./statistics.ts";
import { type Contender, choose } from "./strategy.ts";
import { callOf } from "./testing.ts";

interface Given {
  readonly price?: Contender["price"];
  /** Latencies of its answers so far. */
  readonly ms?: readonly number[];
  readonly outputTokens?: number;
}

function contender(name: string, { price, ms = [], outputTokens = 100 }: Given = {}): Contender {
  const statistics = new Statistics();
  for (const each of ms) statistics.answered(each, outputTokens);
  return { name, price, statistics };
}

const namesOf = (order: readonly Contender[]) => order.map(({ name }) => name).join(" ");

function callsOf(count: number) {
  return Array.from({ length: count }, (_, index) =>
    callOf({ origin: { runId: `run-${index}`, path: "draft", attempt: 1, key: `run-${index}/draft` } }),
  );
}

test("cheapest goes by the tokens of this call, and an unknown price comes last", () => {
  // Dear to read and cheap to write, and the other way round.
  const reader = contender("reader", { price: { input: 1e-6, output: 30e-6 }, ms: [1], outputTokens: 200 });
  const writer = contender("writer", { price: { input: 10e-6, output: 1e-6 }, ms: [1], outputTokens: 200 });
  const unknown = contender("unknown");
  const all = [unknown, writer, reader];
  const long = callOf({ messages: [{ role: "user", content: "x".repeat(40_000) }] });
  assert.equal(namesOf(choose("cheapest", all, { call: callOf() }).order), "writer reader unknown");
  assert.equal(namesOf(choose("cheapest", all, { call: long }).order), "reader writer unknown");
  const short = { ...callOf(), settings: { maxTokens: 1 } };
  assert.equal(namesOf(choose("cheapest", all, { call: short }).order), "reader writer unknown");
  assert.match(choose("cheapest", all, { call: long }).reason, /^cheapest: about \$0\.0\d+/);
});

test("fastest measures each model first, then goes by the median", () => {
  const slow = contender("slow", { ms: [900, 900, 900] });
  const fast = contender("fast", { ms: [100, 5_000, 100] });
  const fresh = contender("fresh", { ms: [1] });
  const [call = callOf()] = callsOf(1);
  assert.equal(namesOf(choose("fastest", [slow, fast, fresh], { call }).order), "fresh fast slow");
  assert.equal(namesOf(choose("fastest", [slow, fast], { call }).order), "fast slow");
  assert.equal(choose("fastest", [slow, fast], { call }).reason, "fastest: p50 100 ms");
});

test("a model with a slow start is measured anew, and comes back when it has become fast", () => {
  const late = contender("late", { ms: Array(50).fill(2_000) });
  const steady = contender("steady", { ms: Array(50).fill(300) });
  let asked = 0;
  for (const call of callsOf(2_000)) {
    const [first] = choose("fastest", [late, steady], { call }).order;
    if (first !== late) continue;
    asked += 1;
    if (first.statistics instanceof Statistics) first.statistics.answered(50, 10);
  }
  const share = callsOf(2_000).filter(
    (call) => choose("fastest", [late, steady], { call }).order[0] === late,
  );
  assert.ok(asked > 50, `asked ${asked} times`);
  assert.ok(share.length > 1_800, `now first in ${share.length} of 2000`);
});

test("weighted follows the weights, and the same step falls on the same model again", () => {
  const all = [contender("a"), contender("b"), contender("c")];
  const weights = { a: 3, b: 1, c: 0 };
  const firsts = callsOf(4_000).map((call) => namesOf(choose("weighted", all, { call, weights }).order)[0]);
  const shareOfA = firsts.filter((first) => first === "a").length / firsts.length;
  assert.ok(Math.abs(shareOfA - 0.75) < 0.03, `a was first in ${shareOfA}`);
  assert.ok(!firsts.includes("c"));
  const again = callsOf(50).map((call) => {
    const retry = { ...call, origin: { ...call.origin, attempt: 4 } };
    return namesOf(choose("weighted", all, { call: retry, weights }).order)[0];
  });
  assert.deepEqual(again, firsts.slice(0, 50));
});

test("ordered keeps the order", () => {
  const all = [contender("b", { price: { input: 1, output: 1 } }), contender("a")];
  assert.equal(namesOf(choose("ordered", all, { call: callOf() }).order), "b a");
});
