import assert from "node:assert/strict";
import { test } from "node:test";
import type { RetryPolicy } from "../workflow/index.ts";
import { ProcessCrashed } from "./errors.ts";
import { crashesMax } from "./limits.ts";
import {
  assertSound,
  type Bundle,
  block,
  call,
  dataOf,
  document,
  ending,
  letTimePass,
  Outage,
  openReviews,
  publish,
  restart,
  run,
  send,
  settle,
  setup,
  start,
  step,
  ticks,
  typesOf,
  value,
} from "./testing.ts";

const retry: RetryPolicy = {
  attempts: 4,
  backoffMs: 500,
  factor: 2,
  maxMs: 30_000,
  on: ["server", "network", "timeout"],
};
const cancel = { kind: "cancel", by: "ann", reason: "no longer needed" } as const;

// Failure, pause and resume

test("by default a failed step pauses the run, which says why", async () => {
  const bundle = setup();
  bundle.world.failing("bad", 1, () => new TypeError("broken"));
  const { status, row, events } = await run(bundle, [value("a", 1), call("b", "bad"), value("c", 3)]);
  assert.equal(status, "paused");
  assert.deepEqual(JSON.parse(row.error ?? ""), { code: "UNEXPECTED", message: "broken" });
  assert.deepEqual(dataOf(events, "run.paused"), {
    path: "b",
    reason: "failed",
    error: { code: "UNEXPECTED", message: "broken" },
  });
  assert.equal(bundle.executor.loadedCount, 0);
  await assertSound(bundle);
});

test("a run whose effects are simulated answers nobody, so it fails where another one pauses", async () => {
  const bundle = setup();
  bundle.world.failing("bad", 1, () => new TypeError("broken"));
  bundle.world.failing("poison", crashesMax, () => new ProcessCrashed("it was ended by SIGABRT", true));
  for (const [kind, code] of [
    ["bad", "UNEXPECTED"],
    ["poison", "QUARANTINED"],
  ] as const) {
    const release = await publish(bundle, document([value("a", 1), call("b", kind)]));
    const id = await bundle.executor.start({ release, input: null, effects: "simulated" });
    const { status, row, events } = await ending(bundle, id);
    assert.deepEqual([status, JSON.parse(row.error ?? "").code], ["failed", code]);
    assert.equal(dataOf(events, "run.failed").path, "b");
  }
  await assertSound(bundle);
});

test("resumed, the failed step runs again with all its attempts, and what is done stays done", async () => {
  const bundle = setup();
  bundle.world.failing("bad", 5);
  const id = await start(bundle, [
    call("a", "good", 1),
    call("b", "bad", 2, { retry: { ...retry, attempts: 3 } }),
  ]);
  await letTimePass(bundle, id);
  assert.equal((await ending(bundle, id)).status, "paused");
  await send(bundle, id, { kind: "resume", by: "ann" });
  await letTimePass(bundle, id);
  const { status, output, row } = await ending(bundle, id);
  assert.deepEqual([status, output, row.error], ["completed", 2, null]);
  assert.deepEqual([bundle.world.count("good"), bundle.world.count("bad")], [1, 6]);
  await assertSound(bundle);
});

test("a person skips the failed step and gives its value", async () => {
  for (const again of [false, true]) {
    const first = setup();
    first.world.failing("bad", 99, () => new TypeError("broken"));
    const paused = await run(first, [
      call("a", "bad"),
      value("b", "{{ a.value.x }} {{ a.skipped }} {{ a.cost }}"),
    ]);
    const bundle = again ? restart(first) : first;
    await send(bundle, paused.id, { kind: "resume", by: "ann", skip: { value: { x: "given" } } });
    const { status, output, events } = await ending(bundle, paused.id);
    assert.deepEqual([status, output], ["completed", "given False None"]);
    const { skippedBy, result } = dataOf(events, "step.completed", "a");
    assert.deepEqual([skippedBy, result], ["ann", { value: { x: "given" } }]);
    assert.deepEqual(bundle.control.inbox(paused.id), []);
    await assertSound(bundle);
  }
});

test("a step whose inputs cannot be made can be skipped", async () => {
  const bundle = setup();
  const { id, status } = await run(bundle, [value("a", "{{ input.no.such }}"), value("b", "{{ a.value }}")], {
    input: {},
  });
  assert.equal(status, "paused");
  await send(bundle, id, { kind: "resume", by: "ann", skip: { value: 1 } });
  assert.equal((await ending(bundle, id)).output, 1);
});

test("on_failure: fail ends the run with the step's error", async () => {
  const bundle = setup();
  bundle.world.failing("bad", 99, () => new TypeError("broken"));
  const { status, row, events } = await run(bundle, [
    call("a", "bad", 1, { onFailure: "fail" }),
    value("b", 2),
  ]);
  assert.equal(status, "failed");
  assert.deepEqual(dataOf(events, "run.failed"), {
    path: "a",
    error: { code: "UNEXPECTED", message: "broken" },
    costUsd: 0,
  });
  assert.deepEqual([row.endedAt, JSON.parse(row.error ?? "").message], [bundle.clock.now(), "broken"]);
});

test("when a step of several has failed, the others end first, then the run pauses; both can be resumed", async () => {
  const bundle = setup();
  bundle.world.failing("bad", 2, () => new TypeError("broken"));
  const held = bundle.world.holding("slow");
  const steps = [call("a", "bad", 1), call("b", "bad", 2), call("c", "slow", 3)];
  const id = await start(bundle, [block("all", "parallel", { steps })]);
  await bundle.world.called("slow");
  await ticks();
  assert.equal(bundle.control.run(id)?.status, "running");
  held.get("all.c")?.resolve({ result: { value: 3 } });
  assert.equal((await ending(bundle, id)).status, "paused");
  await send(bundle, id, { kind: "resume", by: "ann" });
  const { output } = await ending(bundle, id);
  assert.deepEqual(output, { a: 1, b: 2, c: 3 });
});

// Cancel

test("a run that is running, waiting, paused or backing off can be cancelled", async () => {
  const states: Record<string, (bundle: Bundle) => Promise<string>> = {
    async running(bundle) {
      bundle.world.holding("slow");
      const id = await start(bundle, [call("a", "slow")]);
      await bundle.world.called("slow");
      return id;
    },
    waiting: async (bundle) => (await run(bundle, [step("a", "wait", { for: "1h" })])).id,
    async paused(bundle) {
      bundle.world.failing("bad", 99, () => new TypeError("broken"));
      return (await run(bundle, [call("a", "bad")])).id;
    },
    async "backing off, in memory"(bundle) {
      bundle.world.failing("bad", 99);
      const id = await start(bundle, [call("a", "bad")]);
      await bundle.world.called("bad");
      await ticks();
      return id;
    },
    async "backing off, as a row"(bundle) {
      bundle.world.failing("bad", 99, () => new Outage("server", 3_600_000));
      return (await run(bundle, [call("a", "bad")])).id;
    },
  };
  for (const [state, reach] of Object.entries(states))
    for (const isRestarted of [false, true]) {
      const first = setup();
      const id = await reach(first);
      const bundle = isRestarted ? restart(first) : first;
      await send(bundle, id, cancel);
      const { status, row, events } = await ending(bundle, id);
      assert.equal(status, "cancelled", state);
      const { by, reason, command } = dataOf(events, "run.cancelled");
      assert.deepEqual([by, reason, command], ["ann", "no longer needed", `${id}/command-1`], state);
      assert.deepEqual([row.dueAt, row.waitingFor, bundle.control.inbox(id)], [null, null, []], state);
      bundle.clock.advance(7_200_000);
      await settle(bundle, id);
      assert.deepEqual(typesOf((await ending(bundle, id)).events), typesOf(events), state);
      await assertSound(bundle);
    }
});

test("a cancelled run aborts what is under way, and a late result is refused", async () => {
  const bundle = setup();
  const signals: AbortSignal[] = [];
  const late = Promise.withResolvers<{ result: { value: number } }>();
  bundle.world.on("slow", (_call, { signal }) => {
    signals.push(signal);
    return late.promise;
  });
  const id = await start(bundle, [call("a", "slow"), call("b", "next")]);
  await bundle.world.called("slow");
  await send(bundle, id, cancel);
  const { events } = await ending(bundle, id);
  assert.equal(signals[0]?.aborted, true);
  late.resolve({ result: { value: 1 } });
  await ticks();
  assert.deepEqual(
    [typesOf((await ending(bundle, id)).events), bundle.world.count("next")],
    [typesOf(events), 0],
  );
});

test("a run that ends takes back its open questions and cancels its children", async () => {
  const bundle = setup();
  bundle.world.holding("slow");
  const child = await publish(bundle, document([call("c", "slow")], { workflow: "child" }));
  const steps = [step("ask", "ask", { draft: 1 }), step("sub", "workflow", { name: "child" })];
  const id = await start(bundle, [block("both", "parallel", { steps })], { children: [child] });
  await bundle.world.called("slow");
  const [review] = openReviews(bundle, id);
  const [childId] = bundle.control.runs({ workflow: "child", limit: 1 }).map((row) => row.id);
  assert.ok(review && childId);
  await send(bundle, id, cancel);
  await settle(bundle, id, childId);
  assert.deepEqual(
    [bundle.control.run(id)?.status, bundle.control.run(childId)?.status],
    ["cancelled", "cancelled"],
  );
  assert.equal(bundle.control.review(review)?.status, "withdrawn");
  await settle(bundle, id, childId);
  assert.deepEqual([bundle.control.inbox(id), bundle.control.inbox(childId)], [[], []]);
  await assertSound(bundle);
});

test("a question that is asked in the very commit in which the run fails is taken back too", async () => {
  const bundle = setup();
  const bad = step("bad", "now", { do: "bad" }, { onFailure: "fail" });
  bundle.world.failing("bad", 99, () => new TypeError("broken"));
  const steps = [step("ask", "ask", { draft: 1 }), bad];
  const { id, status } = await run(bundle, [block("both", "parallel", { steps })]);
  assert.deepEqual([status, openReviews(bundle, id)], ["failed", []]);
  await assertSound(bundle);
});

test("an item of a map that is given up takes back its open question", async () => {
  const bundle = setup();
  const held = bundle.world.holding("slow");
  const both = block("both", "parallel", { steps: [step("ask", "ask", { draft: 1 }), call("bad", "slow")] });
  const id = await start(bundle, [
    block("each", "map", { over: [1], concurrency: 1, onItemError: "keep", steps: [both] }),
  ]);
  await bundle.world.called("slow");
  await ticks();
  assert.equal(openReviews(bundle, id).length, 1);
  held.get("each[0].both.bad")?.reject(new TypeError("broken"));
  assert.equal((await ending(bundle, id)).status, "completed");
  assert.deepEqual(openReviews(bundle, id), []);
  await assertSound(bundle);
});

test("a step that is abandoned in the turn in which it was to begin is not announced", async () => {
  const bundle = setup();
  bundle.world.failing("bad", 1);
  const both = block("p", "parallel", {
    steps: [step("a", "now", { do: "bad" }), step("b", "code", { do: "b" })],
  });
  const kept = block("m", "map", { over: [1], concurrency: 1, onItemError: "keep", steps: [both] });
  const { events } = await run(bundle, [kept, step("gate", "wait", { event: "go" })]);
  assert.ok(!typesOf(events).includes("step.started"));
  const next = restart(bundle);
  await send(next, String(events[0]?.stream.slice("run/".length)), { kind: "signal", event: "go", data: 1 });
  await ticks(20);
  assert.equal(next.control.runs({ limit: 1 })[0]?.status, "completed");
});
