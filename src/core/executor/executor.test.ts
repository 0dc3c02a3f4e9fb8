import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertSound,
  call,
  dataOf,
  document,
  ending,
  pathsOf,
  publish,
  restart,
  run,
  send,
  settle,
  setup,
  start,
  step,
  typesOf,
  value,
  watchCommits,
} from "./testing.ts";

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
