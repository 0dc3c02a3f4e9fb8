import assert from "node:assert/strict";
import { test } from "node:test";
import { flow } from "./flow.ts";
import {
  assertSound,
  block,
  call,
  dataOf,
  document,
  ending,
  Outage,
  pathsOf,
  publish,
  publishFlow,
  restart,
  run,
  send,
  setup,
  start,
  step,
  ticks,
  typesOf,
  value,
  World,
} from "./testing.ts";

const flaky = (times: number) => new World().failing("flaky", times, () => new Outage(null));
const failing = call("c", "flaky", "{{ b.value }}", { onFailure: "fail" });
const failsAlone = call("c", "flaky", 1, { onFailure: "fail" });

test("a run that failed is restarted from its step: what came before is kept, and is not paid again", async () => {
  const world = flaky(1).on("paid", ({ data }) => ({ result: { value: data, cost: 0.5 } }));
  const first = setup({ world });
  const failed = await run(first, [call("a", "paid", 1), call("b", "paid", "{{ a.value + 1 }}"), failing], {
    output: { all: "{{ a.value }} {{ b.value }} {{ c.value }}", id: "{{ run.id }}" },
  });
  assert.equal(failed.status, "failed");
  const id = await first.executor.restart({ of: failed.id, from: "c" });
  const { output, events } = await ending(first, id);
  assert.deepEqual(output, { all: "1 2 2", id });
  assert.deepEqual(typesOf(events).slice(0, 4), [
    "run.started",
    "run.forked",
    "step.completed",
    "step.completed",
  ]);
  assert.deepEqual(dataOf(events, "run.forked"), { of: failed.id, from: "c" });
  assert.equal(dataOf(events, "run.completed").costUsd, 0);
  assert.deepEqual([world.count("paid"), world.count("flaky")], [2, 2]);
  assert.equal((await first.journal.read(`run/${failed.id}`)).length, failed.events.length);
  await assertSound(first);
});

test("a restart from an earlier step does what follows from it again, and nothing beside it", async () => {
  const world = flaky(1);
  const bundle = setup({ world });
  const steps = [
    call("a", "one", 1),
    call("side", "two", 2, { needs: ["a"] }),
    call("b", "three", "{{ a.value }}", { needs: ["a"] }),
    call("c", "flaky", "{{ b.value }}", { needs: ["b", "side"], onFailure: "fail" }),
  ];
  const failed = await run(bundle, steps);
  const id = await bundle.executor.restart({ of: failed.id, from: "b" });
  assert.equal((await ending(bundle, id)).status, "completed");
  assert.deepEqual(
    ["one", "two", "three", "flaky"].map((name) => world.count(name)),
    [1, 1, 2, 2],
  );
});

test("items of a map are kept one by one", async () => {
  const world = new World().on("item", ({ data, key }) => {
    if (data === 2 && key.startsWith("run-1")) throw new Outage(null);
    return { result: { value: data } };
  });
  const bundle = setup({ world });
  const map = block("m", "map", {
    over: [1, 2, 3],
    concurrency: 3,
    onItemError: "fail",
    steps: [call("x", "item", "{{ item }}", { onFailure: "fail" })],
  });
  const failed = await run(bundle, [map]);
  assert.equal(failed.status, "failed");
  const id = await bundle.executor.restart({ of: failed.id, from: "m[1]" });
  assert.deepEqual((await ending(bundle, id)).output, [1, 2, 3]);
  const copied = pathsOf(failed.events, "step.completed").length;
  assert.equal(world.count("item"), 3 + 3 - copied);
});

test("what cannot be restarted says why", async () => {
  const bundle = setup({ world: flaky(9) });
  const refusal = async (of: string, from: string) => {
    try {
      return await bundle.executor.restart({ of, from });
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const waiting = await run(bundle, [step("gate", "wait", { event: "go" })]);
  assert.equal(await refusal(waiting.id, "gate"), "RUN_NOT_FINAL");
  assert.equal(await refusal("nowhere", "gate"), "RUN_NOT_FOUND");
  const undo = { kind: "call", config: { do: "cancel" } };
  const failed = await run(bundle, [call("a", "one", 1, { undo }), value("b", 2), failing]);
  assert.equal(await refusal(failed.id, "d"), "STEP_NOT_FOUND");
  assert.equal(await refusal(failed.id, "c"), "STEPS_UNDONE");
  const again = await bundle.executor.restart({ of: failed.id, from: "a" });
  assert.equal((await ending(bundle, again)).status, "failed");
});

test("what a kept result stands for is taken back when the new run fails in its turn", async () => {
  const world = flaky(9).on("cancel", ({ key }) => {
    if (key.startsWith("run-1")) throw new Outage(null);
    return { result: { value: null } };
  });
  const bundle = setup({ world });
  const undo = { kind: "call", config: { do: "cancel", with: "{{ a.value }}" } };
  const failed = await run(bundle, [call("a", "one", 7, { undo }), value("b", 2), failing]);
  const id = await bundle.executor.restart({ of: failed.id, from: "c" });
  const { events } = await ending(bundle, id);
  assert.deepEqual(dataOf(events, "run.failed").undone, ["a"]);
  assert.deepEqual(world.calls.at(-1)?.data, 7);
});

test("in a new release, steps that are not what they were are done again", async () => {
  const world = flaky(1);
  const bundle = setup({ world });
  const steps = (b: string) => [call("a", "one", 1), call("b", "two", b), failing];
  const failed = await run(bundle, steps("{{ a.value }}"));
  const release = await publish(bundle, document(steps("{{ a.value + 1 }}")));
  const id = await bundle.executor.restart({ of: failed.id, from: "c", release });
  const { output, row } = await ending(bundle, id);
  assert.deepEqual([output, row.version], [2, release.version]);
  assert.deepEqual(
    ["one", "two", "flaky"].map((name) => world.count(name)),
    [1, 2, 2],
  );
  await assertSound(restart(bundle));
});

test("a restarted run keeps to the limits and the deadline of its workflow", async () => {
  const world = flaky(1);
  const held = world.holding("hold");
  const bundle = setup({ world });
  const limits = { concurrency: [{ limit: 1 }], expiresMs: 60_000 };
  const failed = await run(bundle, [failsAlone], limits);
  const under = await start(bundle, [call("c", "hold")], limits);
  await world.called("hold");
  const id = await bundle.executor.restart({ of: failed.id, from: "c" });
  await ticks();
  const row = bundle.control.run(id);
  assert.deepEqual([row?.status, row?.lane], ["queued", bundle.control.run(failed.id)?.lane]);
  assert.equal(row?.expiresAt, bundle.clock.now() + 60_000);
  held.get("c")?.resolve({ result: { value: null } });
  for (const each of [under, id]) assert.equal((await ending(bundle, each)).status, "completed");
  await assertSound(bundle);
});

test("a flow is restarted too", async () => {
  let fail = true;
  const done: string[] = [];
  const code = flow({ name: "f", version: "1" }, async (context) => {
    const a = await context.step("a", () => done.push("a"));
    return context.step(
      "b",
      () => {
        if (fail) throw new Outage(null);
        return `${a} b`;
      },
      { onFailure: "fail" },
    );
  });
  const bundle = setup({ flows: [code] });
  const release = await publishFlow(bundle, code);
  const failed = await ending(bundle, await bundle.executor.start({ release, input: null }));
  assert.equal(failed.status, "failed");
  fail = false;
  const id = await bundle.executor.restart({ of: failed.id, from: "b" });
  assert.equal((await ending(bundle, id)).output, "1 b");
  assert.deepEqual(done, ["a"]);
  await send(bundle, id, { kind: "cancel", by: "ann", reason: null });
});
