import assert from "node:assert/strict";
import { test } from "node:test";
import { toJson } from "../base/index.ts";
import { type Flow, type FlowContext, FlowStepFailed, flow, isFlow } from "./flow.ts";
import {
  answer,
  assertSound,
  type Bundle,
  dataOf,
  type Ending,
  ending,
  Outage,
  openReviews,
  pathsOf,
  publishFlow,
  restart,
  type SetupOptions,
  send,
  setup,
  ticks,
  typesOf,
} from "./testing.ts";

function flowOf(body: (context: FlowContext, input: never) => Promise<unknown>, version = "1"): Flow {
  return flow({ name: "code", version }, body as Flow["body"]);
}

/** Starts a flow on a fresh engine that knows its code. */
async function begin(code: Flow, input: unknown = null, options: SetupOptions = {}) {
  const bundle = setup({ flows: [code], ...options });
  const release = await publishFlow(bundle, code);
  const id = await bundle.executor.start({ release, input: toJson(input), tags: { tenant: "t" } });
  return { bundle, id };
}

async function runFlow(
  code: Flow,
  input: unknown = null,
  options: SetupOptions = {},
): Promise<Ending & { bundle: Bundle }> {
  const { bundle, id } = await begin(code, input, options);
  return { ...(await ending(bundle, id)), bundle };
}

test("a flow is known by its shape", () => {
  assert.equal(isFlow(flowOf(async () => 1)), true);
  for (const other of [null, undefined, {}, { body: 1, version: "1" }, () => 1])
    assert.equal(isFlow(other), false);
});

test("a flow's steps are done once each, by key, and its return value is the output", async () => {
  const done: string[] = [];
  const code = flowOf(async (context, input: { n: number }) => {
    const one = await context.step("one", () => done.push("one") && input.n + 1);
    const two = await context.step(
      "two",
      async ({ key, tags }) => done.push("two") && `${one} ${key} ${tags.tenant}`,
    );
    return { two, run: context.runId };
  });
  const { id, status, output, events, bundle } = await runFlow(code, { n: 1 });
  assert.deepEqual([status, output], ["completed", { two: `2 ${id}/two t`, run: id }]);
  assert.deepEqual(
    [done, pathsOf(events, "step.completed")],
    [
      ["one", "two"],
      ["one", "two"],
    ],
  );
  assert.deepEqual(pathsOf(events, "step.started"), ["one", "two"]);
  await assertSound(bundle);
});

test("a flow without steps, without a value and with undefined members completes", async () => {
  assert.equal((await runFlow(flowOf(async () => undefined))).output, null);
  assert.deepEqual((await runFlow(flowOf(async () => ({ a: 1, b: undefined })))).output, { a: 1 });
});

test("an output or a result that is no plain data fails where it was made", async () => {
  const output = await runFlow(flowOf(async () => new Map()));
  assert.deepEqual([output.status, JSON.parse(output.row.error ?? "").code], ["failed", "INVALID_JSON"]);
  const step = await runFlow(flowOf((context) => context.step("bad", () => 10n)));
  assert.deepEqual(
    [step.status, JSON.parse(step.row.error ?? "").message],
    ["paused", "bad cannot be recorded: a bigint is not JSON."],
  );
});

test("steps that are asked for together are under way together", async () => {
  const code = flowOf(async (context) => {
    const all = await Promise.all(
      ["a", "b", "c"].map((key) => context.call(key, "call", { do: "echo", with: key })),
    );
    return all.map(({ value }) => value);
  });
  const { output, bundle } = await runFlow(code);
  assert.deepEqual(output, ["a", "b", "c"]);
  assert.equal(bundle.world.mostAtOnce, 3);
});

test("a key that is used twice fails the flow, by name", async () => {
  const code = flowOf(async (context) => {
    await context.step("same", () => 1);
    await context.step("same", () => 2);
  });
  const { status, row } = await runFlow(code);
  assert.equal(status, "failed");
  assert.deepEqual(JSON.parse(row.error ?? ""), {
    code: "FLOW_KEY_REUSED",
    message: 'The flow uses the key "same" twice; each call needs its own.',
  });
});

test("a kind that is not there fails the flow", async () => {
  const { status, row } = await runFlow(flowOf((context) => context.call("x", "nothing", {})));
  assert.deepEqual([status, JSON.parse(row.error ?? "").code], ["failed", "UNKNOWN_KIND"]);
});

test("what the code throws fails the run", async () => {
  const code = flowOf(async (context) => {
    await context.step("one", () => 1);
    throw new TypeError("a bug");
  });
  const { status, row } = await runFlow(code);
  assert.deepEqual(
    [status, JSON.parse(row.error ?? "")],
    ["failed", { code: "UNEXPECTED", message: "a bug" }],
  );
});

test("a failed step pauses the run by default, fails it, or throws into the code", async () => {
  const bad = (onFailure?: "pause" | "fail" | "throw") =>
    flowOf(async (context) => {
      try {
        return await context.call("bad", "call", { do: "bad", with: 1 }, onFailure ? { onFailure } : {});
      } catch (error) {
        assert.ok(error instanceof FlowStepFailed);
        return `caught ${error.failure.code}: ${error.message}`;
      }
    });
  const world = () => {
    const options = setup().world.failing("bad", 1, () => new Outage(null));
    return { world: options };
  };
  const paused = await runFlow(bad(), null, world());
  assert.equal(paused.status, "paused");
  await send(paused.bundle, paused.id, { kind: "resume", by: "ann" });
  assert.deepEqual((await ending(paused.bundle, paused.id)).output, { value: 1 });
  assert.equal((await runFlow(bad("fail"), null, world())).status, "failed");
  const thrown = await runFlow(bad("throw"), null, world());
  assert.deepEqual(
    [thrown.status, thrown.output],
    ["completed", "caught OUTAGE: Step bad failed: The service is out."],
  );
  assert.deepEqual(pathsOf(thrown.events, "step.failed"), ["bad"]);
  await assertSound(thrown.bundle);
});

test("a step is tried again as often as asked, with the default backoff", async () => {
  let tries = 0;
  const code = flowOf((context) =>
    context.step(
      "flaky",
      () => {
        if (++tries < 3) throw new Outage("network");
        return tries;
      },
      { retry: { attempts: 3 } },
    ),
  );
  const { bundle, id } = await begin(code);
  for (let turn = 0; turn < 10; turn++) {
    await ticks();
    bundle.clock.advance(500);
  }
  const { output, events } = await ending(bundle, id);
  assert.deepEqual([output, dataOf(events, "step.completed").attempts], [3, 3]);
});

test("a step has a timeout", async () => {
  const code = flowOf((context) =>
    context.step("slow", () => new Promise(() => {}), { timeout: "30s", onFailure: "fail" }),
  );
  const { bundle, id } = await begin(code);
  await ticks();
  bundle.clock.advance(30_000);
  const { status, row } = await ending(bundle, id);
  assert.deepEqual([status, JSON.parse(row.error ?? "").code], ["failed", "STEP_TIMED_OUT"]);
});

test("a flow sleeps, receives, asks people, and learns time and chance from the record", async () => {
  let executions = 0;
  const code = flowOf(async (context) => {
    executions += 1;
    const before = await context.now("before");
    await context.sleep("nap", "2h");
    const after = await context.now("after");
    const signal = await context.receive("gate", "go");
    const answered = await context.call("ask", "ask", { draft: "d" });
    return { slept: after - before, signal, answer: answered.value, luck: await context.random("luck") };
  });
  const { bundle: first, id } = await begin(code);
  assert.equal((await ending(first, id)).row.waitingFor, "time");
  const second = restart(first, { flows: [code] });
  second.clock.advance(7_200_000);
  assert.equal((await ending(second, id)).row.waitingFor, "event");
  const third = restart(second, { flows: [code] });
  await send(third, id, { kind: "signal", event: "go", data: "green" });
  assert.equal((await ending(third, id)).row.waitingFor, "review");
  const bundle = restart(third, { flows: [code] });
  await answer(bundle, String(openReviews(bundle, id)[0]), {
    decision: "approve",
    value: "d",
    reviewer: "ann",
  });
  const { output, events } = await ending(bundle, id);
  const { luck, ...others } = output as { luck: number };
  assert.deepEqual(others, { slept: 7_200_000, signal: "green", answer: "d" });
  assert.ok(luck >= 0 && luck < 1);
  assert.equal(executions, 4);
  assert.equal(new Set(pathsOf(events, "step.completed")).size, pathsOf(events, "step.completed").length);
  await assertSound(bundle);
});

test("killed after any commit, a flow goes on from its record and learns the same answers", async () => {
  const code = (done: string[]) =>
    flowOf(async (context) => {
      const time = await context.now("time");
      const luck = await context.random("luck");
      const parts = await Promise.all(
        ["x", "y"].map((key) => context.step(`part-${key}`, () => `${key}${done.push(key)}`)),
      );
      const failed = await context
        .step("bad", () => assert.fail("bad"), { onFailure: "throw" })
        .catch(() => "caught");
      return { time, luck, parts, failed };
    });
  for (let kept = 1; kept <= 12; kept++) {
    const done: string[] = [];
    const { bundle: first, id } = await begin(code(done));
    let commits = 0;
    const commit = first.storage.commit.bind(first.storage);
    first.storage.commit = (rows, changes, erased) => {
      if (++commits > kept) first.kill();
      return commits > kept ? undefined : commit(rows, changes, erased);
    };
    await ticks(20);
    first.storage.commit = commit;
    const recorded = await first.journal.read(`run/${id}`);
    const bundle = restart(first, { flows: [code(done)] });
    await ticks(20);
    const { status, output, events } = await ending(bundle, id);
    assert.equal(status, "completed", `${kept} commits kept`);
    assert.deepEqual(events.slice(0, recorded.length), recorded);
    const result = (path: string) =>
      (dataOf(events, "step.completed", path).result as { value: unknown }).value;
    assert.deepEqual(output, {
      time: result("time"),
      luck: result("luck"),
      parts: [result("part-x"), result("part-y")],
      failed: "caught",
    });
    assert.equal(pathsOf(events, "step.completed").length, 4);
  }
});

test("a flow whose code is not registered is parked, says so, and goes on once it is", async () => {
  const code = flowOf(
    async (context) => `${await context.receive("gate", "go")} ${await context.step("one", () => 1)}`,
  );
  const { bundle: first, id } = await begin(code);
  await first.executor.settled(id);
  const without = restart(first);
  await send(without, id, { kind: "signal", event: "go", data: "green" });
  const parked = await ending(without, id);
  assert.equal(parked.status, "paused");
  assert.match(
    JSON.parse(parked.row.error ?? "").message,
    /The code of flow code, version 1, is not here\. Start Flyball with it/,
  );
  const bundle = restart(without, { flows: [code] });
  await send(bundle, id, { kind: "resume", by: "ann" }, "command-2");
  assert.equal((await ending(bundle, id)).output, "green 1");
  await assertSound(bundle);
});

test("a flow that is started where its code is not registered is parked too", async () => {
  const bundle = setup();
  const release = await publishFlow(
    bundle,
    flowOf(async () => 1),
  );
  const id = await bundle.executor.start({ release, input: null });
  const { status, row } = await ending(bundle, id);
  assert.deepEqual([status, JSON.parse(row.error ?? "").code], ["paused", "RELEASE_MISSING"]);
  await send(bundle, id, { kind: "cancel", by: "ann", reason: null });
  assert.equal((await ending(bundle, id)).status, "cancelled");
});

test("code of another version does not take up a run; changed code of the same version parks it", async () => {
  const one = flowOf(async (context) => [
    await context.step("a", () => 1),
    await context.receive("gate", "go"),
  ]);
  const other = flowOf(async (context) => [
    await context.step("b", () => 1),
    await context.receive("gate", "go"),
  ]);
  for (const [flows, message] of [
    [[flowOf(one.body, "2")], /version 1, is not here/],
    [[other], /The recorded step a does not fit: the workflow does not come to it at this point/],
  ] as const) {
    const { bundle: first, id } = await begin(one);
    await first.executor.settled(id);
    const bundle = restart(first, { flows });
    await send(bundle, id, { kind: "signal", event: "go", data: 1 });
    const { status, row } = await ending(bundle, id);
    assert.equal(status, "paused");
    assert.match(JSON.parse(row.error ?? "").message, message);
  }
});

test("a flow that ends while a question is open takes it back", async () => {
  const code = flowOf(async (context) => {
    void context.call("ask", "ask", { draft: "d" });
    await context.step("one", () => 1);
    return "done";
  });
  const { id, status, bundle, events } = await runFlow(code);
  assert.deepEqual([status, typesOf(events).at(-1)], ["completed", "run.completed"]);
  assert.deepEqual(openReviews(bundle, id), []);
  await assertSound(bundle);
});
