import assert from "node:assert/strict";
import { test } from "node:test";
import type { RetryPolicy } from "../workflow/index.ts";
import {
  answer,
  assertSound,
  type Bundle,
  block,
  call,
  dataOf,
  document,
  ending,
  Outage,
  openReviews,
  pathsOf,
  publish,
  restart,
  run,
  send,
  setup,
  start,
  step,
  ticks,
  typesOf,
  value,
  watchCommits,
} from "./testing.ts";

const retry: RetryPolicy = {
  attempts: 4,
  backoffMs: 500,
  factor: 2,
  maxMs: 30_000,
  on: ["server", "network", "timeout"],
};
const once: RetryPolicy = { ...retry, attempts: 1 };
const cancel = { kind: "cancel", by: "ann", reason: "no longer needed" } as const;

/** Moves the clock until the run has come to rest for good, or so often; the milliseconds that it took. */
async function letTimePass({ executor, clock, control }: Bundle, id: string, byMs = 100): Promise<number> {
  const before = clock.now();
  for (let turn = 0; turn < 2_000; turn++) {
    await ticks(2);
    if (executor.isIdle && control.run(id)?.dueAt === null) break;
    clock.advance(byMs);
  }
  return clock.now() - before;
}

test("the last result and the end of the run share one commit (X4)", async () => {
  const bundle = setup();
  const commits = watchCommits(bundle);
  await run(bundle, [call("a", "x"), call("b", "x")]);
  const ofRuns = commits
    .map((commit) => commit.filter((entry) => entry.startsWith("run ")))
    .filter((c) => c.length > 0);
  assert.deepEqual(ofRuns, [
    ["run run.started"],
    ["run step.completed"],
    ["run step.completed", "run run.completed"],
  ]);
});

test("no step starts before the results that it needs are on disk (X1)", async () => {
  const bundle = setup();
  const seen: string[] = [];
  bundle.world.on("look", ({ path }) => {
    const rows = bundle.storage.readAll(0, 1_000).filter(({ type }) => type === "step.completed");
    seen.push(`${path}: ${rows.map(({ body }) => JSON.parse(body ?? "").path).join()}`);
    return { result: { value: path } };
  });
  const look = (id: string, needs: string[], kind: string) => step(id, kind, { do: "look" }, { needs });
  await run(bundle, [
    look("a", [], "now"),
    look("b", ["a"], "call"),
    look("c", ["a"], "now"),
    look("d", ["b", "c"], "now"),
  ]);
  assert.deepEqual(seen[0], "a: ");
  assert.deepEqual(seen.slice(1, 3).sort(), ["b: a", "c: a"]);
  assert.match(seen[3] ?? "", /^d: a,(b,c|c,b)$/);
});

test("a run is on disk when its start resolves, and the same id again finds it", async () => {
  const bundle = setup();
  const release = await publish(bundle, document([value("a", "{{ input }}")]));
  const id = await bundle.executor.start({ release, input: 1, id: "mine", tags: { tenant: "t" } });
  assert.deepEqual(bundle.storage.readStream("run/mine", 0).length, 1);
  assert.equal(await bundle.executor.start({ release, input: 2, id: "mine" }), id);
  const { output, row, events } = await ending(bundle, id);
  assert.deepEqual(
    [output, row.tags, typesOf(events).filter((type) => type === "run.started").length],
    [1, '{"tenant":"t"}', 1],
  );
});

test("an input that does not fit starts nothing", async () => {
  const bundle = setup();
  const input = { type: "object", required: ["message"], properties: { message: { type: "string" } } };
  const release = await publish(bundle, document([value("a", 1)], { input }));
  const before = bundle.journal.lastPosition();
  await assert.rejects(bundle.executor.start({ release, input: { message: 3 } }), { code: "INPUT_INVALID" });
  assert.equal(bundle.journal.lastPosition(), before);
});

test("costs of steps add up to the cost of the run", async () => {
  const bundle = setup();
  bundle.world.on("paid", () => ({ result: { value: 1, cost: 0.25 } }));
  const { events } = await run(bundle, [call("a", "paid"), call("b", "paid")]);
  assert.equal(dataOf(events, "run.completed").costUsd, 0.5);
});

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

/** Lets every run go as far as it can without time passing. */
async function settle({ executor }: Bundle, ...ids: string[]): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await ticks();
    for (const id of ids) await executor.settled(id);
    if (executor.isIdle) return;
  }
}

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
      assert.deepEqual([by, reason, command], ["ann", "no longer needed", "command-1"], state);
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

// Children

test("a child's start shares the commit of its parent's wait, its end that of the parent's command", async () => {
  const bundle = setup();
  const child = await publish(bundle, document([value("c", "{{ input * 2 }}")], { workflow: "child" }));
  const commits = watchCommits(bundle);
  const id = await start(
    bundle,
    [step("sub", "workflow", { name: "child", input: "{{ input }}" }), value("b", "{{ sub.value + 1 }}")],
    {
      input: 20,
      children: [child],
    },
  );
  await settle(bundle, id);
  const { output, events } = await ending(bundle, id);
  assert.equal(output, 41);
  const has = (...entries: string[]) =>
    commits.some((commit) => entries.every((entry) => commit.includes(entry)));
  assert.ok(has("run step.waited", "run run.started"), JSON.stringify(commits));
  assert.ok(has("run run.completed", "command command.received"), JSON.stringify(commits));
  const waited = dataOf(events, "step.waited").wait as { key: string };
  assert.deepEqual(
    [bundle.control.run(waited.key)?.parent, bundle.control.run(waited.key)?.status],
    [id, "completed"],
  );
  assert.deepEqual(bundle.control.inbox(id), []);
  await assertSound(bundle);
});

test("a child that fails, or whose input does not fit, fails its parent's step; resumed, a new child begins", async () => {
  const bundle = setup();
  bundle.world.failing("work", 1, () => new TypeError("broken"));
  const input = { type: "object", required: ["n"], properties: { n: { type: "integer" } } };
  const child = await publish(
    bundle,
    document([call("c", "work", "done", { onFailure: "fail" })], { workflow: "child", input }),
  );
  const parent = (n: string | number) => [
    step("sub", "workflow", { name: "child", input: { n } }),
    value("b", "{{ sub.value }}"),
  ];
  const id = await start(bundle, parent(1), { children: [child] });
  await settle(bundle, id);
  const paused = await ending(bundle, id);
  assert.equal(paused.status, "paused");
  assert.match(
    JSON.parse(paused.row.error ?? "").message,
    /The child run of "child" ended as failed: broken/,
  );
  await send(bundle, id, { kind: "resume", by: "ann" });
  await settle(bundle, id);
  assert.equal((await ending(bundle, id)).output, "done");
  assert.equal(bundle.control.runs({ workflow: "child", limit: 10 }).length, 2);

  const wrong = await run(bundle, parent("one"), { children: [child] });
  assert.deepEqual([wrong.status, JSON.parse(wrong.row.error ?? "").code], ["paused", "INPUT_INVALID"]);
  assert.equal(bundle.control.runs({ workflow: "child", limit: 10 }).length, 2);
  await assertSound(bundle);
});

// Users' code, limits of the process

test("users' code is announced in the journal before it runs", async () => {
  const bundle = setup();
  let started = 0;
  bundle.world.on("code", () => {
    started = bundle.storage.readAll(0, 100).filter(({ type }) => type === "step.started").length;
    return { result: { value: 1 } };
  });
  const { events } = await run(bundle, [step("a", "code", { do: "code" }), call("b", "plain")]);
  assert.equal(started, 1);
  assert.deepEqual(pathsOf(events, "step.started"), ["a"]);
});

test("a drain starts nothing more, lets end what is under way, and the next process goes on", async () => {
  const first = setup();
  const held = first.world.holding("slow");
  const id = await start(first, [call("a", "slow", 1), call("b", "next", 2)]);
  await first.world.called("slow");
  const drained = first.executor.drain(60_000);
  held.get("a")?.resolve({ result: { value: "ended" } });
  await drained;
  assert.equal(first.executor.loadedCount, 0);
  assert.deepEqual(pathsOf((await ending(first, id)).events, "step.completed"), ["a"]);
  assert.equal(first.world.count("next"), 0);
  const bundle = restart(first);
  const { status, output } = await ending(bundle, id);
  assert.deepEqual([status, output, bundle.world.count("slow")], ["completed", 2, 1]);
});

test("a drain ends after its grace period, whatever is under way", async () => {
  const bundle = setup();
  bundle.world.holding("slow");
  const id = await start(bundle, [call("a", "slow")]);
  await bundle.world.called("slow");
  const drained = bundle.executor.drain(5_000);
  bundle.clock.advance(5_000);
  await drained;
  assert.equal(bundle.control.run(id)?.status, "running");
});

test("more runs than are worked on at once all end", async () => {
  const bundle = setup();
  const release = await publish(bundle, document([call("a", "x", "{{ input }}")]));
  const ids = await Promise.all(
    Array.from({ length: 1_200 }, (_, n) => bundle.executor.start({ release, input: n })),
  );
  const statuses = await Promise.all(ids.map((id) => bundle.executor.settled(id)));
  assert.ok(statuses.every((status) => status === "completed"));
  assert.equal(bundle.world.calls.length, 1_200);
});

test("a kind that breaks the contract of facts leaves its run alone, and says so", async () => {
  const bundle = setup();
  const fact = { stream: "run/other", type: "odd", data: {}, expectedSeq: 7 };
  bundle.world.on("odd", () => ({ result: { value: 1 }, facts: [fact] }));
  const id = await start(bundle, [call("a", "odd")]);
  await assert.rejects(bundle.executor.settled(id), { code: "STALE_APPEND" });
  assert.equal(bundle.troubles.length, 1);
  assert.match(bundle.troubles[0] ?? "", new RegExp(`run ${id} was left alone`));
});
