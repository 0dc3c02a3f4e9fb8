import assert from "node:assert/strict";
import { test } from "node:test";
import { humanReviewKind } from "../../people/reviews/index.ts";
import {
  answer,
  assertSound,
  type Bundle,
  block,
  call,
  dataOf,
  ending,
  letTimePass,
  Outage,
  openReviews,
  restart,
  run,
  type StepParts,
  send,
  setup,
  start,
  ticks,
  typesOf,
  value,
  World,
} from "./testing.ts";

const kinds = [humanReviewKind];
const pay = (parts: StepParts = {}) => call("pay", "pay", 5, { once: true, ...parts });

/** Killed while the payment was under way. */
async function killedWhilePaying(parts: StepParts): Promise<{ bundle: Bundle; id: string; world: World }> {
  const world = new World();
  world.holding("pay");
  const first = setup({ world, kinds });
  const id = await start(first, [pay(parts), value("after", "{{ pay.value }}")]);
  await world.called("pay");
  return { bundle: restart(first, { kinds }), id, world };
}

test("begun and lost, it is not done again: the run pauses, and a person says what happened", async () => {
  const { bundle, id, world } = await killedWhilePaying({});
  const { status, row } = await ending(bundle, id);
  assert.deepEqual([status, JSON.parse(row.error ?? "").code], ["paused", "OUTCOME_UNKNOWN"]);
  assert.equal(world.count("pay"), 1);
  await send(bundle, id, { kind: "resume", by: "ann", skip: { value: "paid" } });
  assert.equal((await ending(bundle, id)).output, "paid");
  assert.equal(world.count("pay"), 1);
  await assertSound(bundle);
});

test("resumed without a value, it is done again, because a person says so", async () => {
  const { bundle, id, world } = await killedWhilePaying({});
  await bundle.executor.settled(id);
  world.on("pay", () => ({ result: { value: "second" } }));
  await send(bundle, id, { kind: "resume", by: "ann" });
  assert.equal((await ending(bundle, id)).output, "second");
});

test("on_unknown: fail ends the run", async () => {
  const { bundle, id } = await killedWhilePaying({ onUnknown: "fail" });
  const { status, row } = await ending(bundle, id);
  assert.deepEqual([status, JSON.parse(row.error ?? "").code], ["failed", "OUTCOME_UNKNOWN"]);
});

test("on_unknown: review asks a person, whose answer is the step's result, also across a restart", async () => {
  const { bundle: first, id, world } = await killedWhilePaying({ onUnknown: "review" });
  await first.executor.settled(id);
  const bundle = restart(first, { kinds });
  const [review = ""] = openReviews(bundle, id);
  await answer(bundle, review, { decision: "correct", value: "receipt 7", reviewer: "ann" });
  const { output, events } = await ending(bundle, id);
  assert.equal(output, "receipt 7");
  assert.equal(world.count("pay"), 1);
  assert.deepEqual(
    (dataOf(events, "step.completed", "pay").fallbackFor as { code: string }).code,
    "OUTCOME_UNKNOWN",
  );
  await assertSound(bundle);
});

test("an answer that was lost on the way leaves the same doubt; being turned away does not", async () => {
  for (const [retry, calls, status] of [
    ["timeout", 1, "paused"],
    ["network", 1, "paused"],
    ["server", 1, "paused"],
    ["rate_limit", 4, "paused"],
    [null, 1, "paused"],
  ] as const) {
    const world = new World().on("pay", () => {
      throw new Outage(retry);
    });
    const bundle = setup({ world });
    const id = await start(bundle, [pay()]);
    await letTimePass(bundle, id, 1_000);
    const end = await ending(bundle, id);
    assert.deepEqual([end.status, world.count("pay")], [status, calls], String(retry));
    const { code } = JSON.parse(end.row.error ?? "");
    assert.equal(code, retry === "rate_limit" || retry === null ? "OUTAGE" : "OUTCOME_UNKNOWN");
  }
});

test("turned away and killed before the next attempt, it is done again: nothing had happened", async () => {
  const world = new World().failing("pay", 1, () => new Outage("rate_limit"));
  const first = setup({ world });
  const id = await start(first, [pay()]);
  await world.called("pay");
  await ticks();
  const bundle = restart(first);
  await letTimePass(bundle, id, 1_000);
  const { output, events } = await ending(bundle, id);
  assert.equal(output, 5);
  assert.deepEqual(typesOf(events).filter((type) => type === "step.started").length, 2);
});

test("a map that keeps the errors of its items does not pass over a doubt", async () => {
  const world = new World().on("pay", () => {
    throw new Outage("timeout");
  });
  const bundle = setup({ world });
  const items = block("m", "map", { over: [1], concurrency: 1, onItemError: "keep", steps: [pay()] });
  assert.equal((await run(bundle, [items])).status, "paused");
});

test("turned away, begun again and lost with the process, it is not done a third time", async () => {
  const world = new World();
  world.failing("pay", 1, () => new Outage("rate_limit"));
  const first = setup({ world });
  const id = await start(first, [pay()]);
  await world.called("pay");
  await ticks();
  world.holding("pay");
  first.clock.advance(1_000);
  await world.called("pay", 2);
  const bundle = restart(first);
  await letTimePass(bundle, id, 1_000);
  const { status, row } = await ending(bundle, id);
  assert.deepEqual([status, JSON.parse(row.error ?? "").code], ["paused", "OUTCOME_UNKNOWN"]);
  assert.equal(world.count("pay"), 2);
});

test("lost with the process, it is taken back, for it may have happened", async () => {
  const world = new World();
  world.holding("pay");
  const undo = { kind: "call", config: { do: "refund" } };
  const first = setup({ world });
  const id = await start(first, [pay({ undo, onUnknown: "fail" })]);
  await world.called("pay");
  const bundle = restart(first);
  const { status, events } = await ending(bundle, id);
  assert.deepEqual([status, dataOf(events, "run.failed").undone], ["failed", ["pay"]]);
  assert.equal(world.count("refund"), 1);
});

test("paused between its announcement and its begin, it is done all the same, and is not in doubt", async () => {
  const world = new World().on("pay", () => ({ result: { value: "paid" } }));
  const held = world.holding("hold");
  const bundle = setup({ world });
  const id = await start(bundle, [call("hold", "hold"), pay(), value("after", "{{ pay.value }}")]);
  await world.called("hold");
  held.get("hold")?.resolve({ result: { value: 1 } });
  // The result and the pause share a commit; the run hears of the pause while the start is written.
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  await send(bundle, id, { kind: "pause", by: "ann", reason: null });
  assert.equal((await ending(bundle, id)).status, "paused");
  await send(bundle, id, { kind: "resume", by: "ann" }, "command-2");
  const { status, output, events } = await ending(bundle, id);
  assert.deepEqual([status, output], ["completed", "paid"]);
  assert.ok(!typesOf(events).includes("step.failed"));
});
