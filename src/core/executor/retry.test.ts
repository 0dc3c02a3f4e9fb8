import assert from "node:assert/strict";
import { test } from "node:test";
import type { RetryPolicy } from "../workflow/index.ts";
import {
  answer,
  assertSound,
  call,
  dataOf,
  document,
  ending,
  letTimePass,
  Outage,
  openReviews,
  pathsOf,
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
const once: RetryPolicy = { ...retry, attempts: 1 };

// Retries

test("a failure is tried again after a backoff that grows, with half of it left to chance", async () => {
  for (const [drawn, delays] of [
    [0, [250, 500, 1_000]],
    [0.999999, [500, 1_000, 2_000]],
    [0.5, [375, 750, 1_500]],
  ] as const) {
    const bundle = setup({ random: () => drawn });
    bundle.world.failing("flaky", 3);
    const id = await start(bundle, [call("a", "flaky", 7, { retry })]);
    await letTimePass(bundle, id, 10);
    const { status, output, events } = await ending(bundle, id);
    assert.deepEqual([status, output], ["completed", 7]);
    const retried = events.filter(({ type }) => type === "step.retried");
    assert.deepEqual(
      retried.map(({ at, data }) => Number(data?.dueAt) - at),
      delays,
    );
    assert.deepEqual(
      bundle.world.calls.map(({ attempt }) => attempt),
      [1, 2, 3, 4],
    );
    assert.equal(new Set(bundle.world.calls.map(({ key }) => key)).size, 1);
    assert.equal(dataOf(events, "step.completed").attempts, 4);
  }
});

test("a backoff has a bound", async () => {
  const bundle = setup({ random: () => 1 });
  bundle.world.failing("flaky", 5);
  const policy = { ...retry, attempts: 6, backoffMs: 1_000, factor: 10, maxMs: 3_000 };
  const id = await start(bundle, [call("a", "flaky", 1, { retry: policy })]);
  await letTimePass(bundle, id);
  const { events } = await ending(bundle, id);
  const delays = events
    .filter(({ type }) => type === "step.retried")
    .map(({ at, data }) => Number(data?.dueAt) - at);
  assert.deepEqual(delays, [1_000, 3_000, 3_000, 3_000, 3_000]);
});

test("what the other side says of when to come back is honoured, when it is later", async () => {
  for (const [retryAfterMs, delay] of [
    [60_000, 60_000],
    [10, 375],
  ] as const) {
    const bundle = setup();
    bundle.world.failing("flaky", 1, () => new Outage("server", retryAfterMs));
    const id = await start(bundle, [call("a", "flaky", 1, { retry })]);
    await letTimePass(bundle, id, 50);
    const { status, events } = await ending(bundle, id);
    assert.equal(status, "completed");
    const { dueAt } = dataOf(events, "step.retried");
    assert.equal(Number(dueAt) - (events.find(({ type }) => type === "step.retried")?.at ?? 0), delay);
  }
});

test("a step's result says when its first attempt began, also after a restart in between", async () => {
  const first = setup();
  first.world.failing("flaky", 2);
  const id = await start(first, [call("a", "flaky", 1, { retry })]);
  await ticks();
  const began = first.clock.now();
  const bundle = restart(first);
  bundle.world.failing("flaky", 1);
  await letTimePass(bundle, id, 10);
  const { status, events } = await ending(bundle, id);
  const { startedAt, attempts } = dataOf(events, "step.completed");
  assert.deepEqual([status, startedAt, Number(attempts) > 1], ["completed", began, true]);
  assert.ok(bundle.clock.now() > began);
});

test("only the declared classes of failure are tried again, and no failure without a class", async () => {
  for (const [error, calls] of [
    [() => new Outage("server"), 4],
    [() => new Outage("rate_limit"), 1],
    [() => new Outage(null), 1],
    [() => new TypeError("a bug"), 1],
    [() => "thrown text", 1],
  ] as const) {
    const bundle = setup();
    bundle.world.failing("flaky", 99, error);
    const id = await start(bundle, [call("a", "flaky", 1, { retry })]);
    await letTimePass(bundle, id);
    const { status } = await ending(bundle, id);
    assert.deepEqual([status, bundle.world.count("flaky")], ["paused", calls]);
  }
});

test("kinds that call out have a default policy, others are tried once", async () => {
  for (const [kind, calls] of [
    ["call", 4],
    ["now", 1],
    ["code", 1],
  ] as const) {
    const bundle = setup();
    bundle.world.failing("flaky", 99);
    const id = await start(bundle, [step("a", kind, { do: "flaky" })]);
    await letTimePass(bundle, id);
    assert.equal((await ending(bundle, id)).status, "paused");
    assert.equal(bundle.world.count("flaky"), calls);
  }
});

test("a long backoff leaves memory, says what it waits for, and goes on when it is due", async () => {
  const bundle = setup();
  bundle.world.failing("flaky", 1, () => new Outage("server", 3_600_000));
  const { id, status, row } = await run(bundle, [call("a", "flaky", 5, { retry })]);
  assert.equal(status, "waiting");
  assert.deepEqual(
    [row.waitingFor, row.dueAt, row.waitingSince],
    ["time", bundle.clock.now() + 3_600_000, bundle.clock.now()],
  );
  assert.equal(bundle.executor.loadedCount, 0);
  bundle.clock.advance(3_599_999);
  assert.equal((await ending(bundle, id)).status, "waiting");
  bundle.clock.advance(1);
  const { output } = await ending(bundle, id);
  assert.equal(output, 5);
  await assertSound(bundle);
});

// Timeouts and fallbacks

test("a step that takes too long is told to stop, and its late result is refused", async () => {
  const bundle = setup();
  const signals: AbortSignal[] = [];
  const late = Promise.withResolvers<{ result: { value: string } }>();
  bundle.world.on("slow", (_call, { signal }) => {
    signals.push(signal);
    return late.promise;
  });
  const id = await start(bundle, [
    call("a", "slow", null, { timeoutMs: 2_000, retry: once, onFailure: "fail" }),
  ]);
  await bundle.world.called("slow");
  bundle.clock.advance(1_999);
  assert.equal(signals[0]?.aborted, false);
  bundle.clock.advance(1);
  assert.equal(signals[0]?.aborted, true);
  const { status, events } = await ending(bundle, id);
  assert.equal(status, "failed");
  const { error, attempts } = dataOf(events, "step.failed");
  assert.deepEqual(
    [error, attempts],
    [{ code: "STEP_TIMED_OUT", message: "Step a did not end within 2000 ms.", retry: "timeout" }, 1],
  );
  late.resolve({ result: { value: "late" } });
  await ticks();
  assert.deepEqual(typesOf((await ending(bundle, id)).events), typesOf(events));
});

test("the late result of an attempt that timed out does not count for the next one", async () => {
  const bundle = setup();
  const answers: PromiseWithResolvers<{ result: { value: string } }>[] = [];
  bundle.world.on("slow", () => {
    const next = Promise.withResolvers<{ result: { value: string } }>();
    answers.push(next);
    return next.promise;
  });
  const id = await start(bundle, [
    call("a", "slow", null, { timeoutMs: 1_000, retry: { ...retry, attempts: 2 } }),
  ]);
  await bundle.world.called("slow");
  bundle.clock.advance(1_000);
  await ticks();
  bundle.clock.advance(400);
  await bundle.world.called("slow", 2);
  answers[0]?.resolve({ result: { value: "first" } });
  answers[1]?.resolve({ result: { value: "second" } });
  const { output, events } = await ending(bundle, id);
  assert.deepEqual([output, dataOf(events, "step.completed").attempts], ["second", 2]);
});

test("a fallback answers when the step has failed for good, and the failure is kept", async () => {
  const bundle = setup();
  bundle.world.failing("first", 99);
  const fallback = { kind: "call", config: { do: "second", with: "{{ input.x }}" } };
  const id = await start(bundle, [call("a", "first", 1, { retry: { ...retry, attempts: 2 }, fallback })], {
    input: { x: 9 },
  });
  await letTimePass(bundle, id);
  const { output, events } = await ending(bundle, id);
  assert.deepEqual([output, bundle.world.count("first"), bundle.world.count("second")], [9, 2, 1]);
  const { attempts, fallbackFor } = dataOf(events, "step.completed");
  assert.deepEqual(
    [attempts, fallbackFor],
    [1, { code: "OUTAGE", message: "The service is out.", retry: "server" }],
  );
  assert.deepEqual(pathsOf(events, "step.failed"), []);
  await assertSound(bundle);
});

test("a fallback that fails too pauses the run; resumed, the step begins with its own work", async () => {
  const bundle = setup();
  bundle.world
    .failing("first", 1, () => new TypeError("first"))
    .failing("second", 1, () => new TypeError("second"));
  const fallback = { kind: "call", config: { do: "second" } };
  const paused = await run(bundle, [call("a", "first", "own", { fallback })]);
  assert.deepEqual(
    [paused.status, dataOf(paused.events, "run.paused").error],
    ["paused", { code: "UNEXPECTED", message: "second" }],
  );
  await send(bundle, paused.id, { kind: "resume", by: "ann" });
  const { output, events } = await ending(bundle, paused.id);
  assert.deepEqual([output, dataOf(events, "step.completed").fallbackFor], ["own", undefined]);
});

test("a person stands in for a step that failed, also across a restart", async () => {
  const first = setup();
  first.world.failing("model", 99, () => new TypeError("no model"));
  const fallback = { kind: "ask", config: { draft: "please answer" } };
  const waiting = await run(first, [call("a", "model", 1, { fallback }), value("b", "{{ a.value }}!")]);
  assert.deepEqual([waiting.status, waiting.row.waitingFor], ["waiting", "review"]);
  const bundle = restart(first);
  const [review] = openReviews(bundle, waiting.id);
  await answer(bundle, String(review), { decision: "correct", value: "by hand", reviewer: "ann" });
  const { status, output, events } = await ending(bundle, waiting.id);
  assert.deepEqual([status, output, bundle.world.count("model")], ["completed", "by hand!", 1]);
  assert.equal(dataOf(events, "step.completed", "a").kind, "ask");
  await assertSound(bundle);
});

test("a fallback of a child that failed begins afresh", async () => {
  const bundle = setup();
  bundle.world.failing("work", 99, () => new TypeError("broken"));
  const child = await publish(
    bundle,
    document([call("c", "work", 1, { onFailure: "fail" })], { workflow: "child" }),
  );
  const fallback = { kind: "ask", config: { draft: "do it by hand" } };
  const id = await start(bundle, [step("a", "workflow", { name: "child" }, { fallback })], {
    children: [child],
  });
  await settle(bundle, id);
  const [review] = openReviews(bundle, id);
  assert.ok(review, "a person is asked");
  await answer(bundle, review, { decision: "approve", value: "by hand", reviewer: "ann" });
  const { output } = await ending(bundle, id);
  assert.equal(output, "by hand");
  assert.deepEqual(bundle.control.inbox(id), []);
  await assertSound(bundle);
});
