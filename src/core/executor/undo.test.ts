import assert from "node:assert/strict";
import { test } from "node:test";
import { flow } from "./flow.ts";
import {
  answer,
  assertSound,
  block,
  call,
  dataOf,
  ending,
  letTimePass,
  Outage,
  openReviews,
  pathsOf,
  publishFlow,
  restart,
  run,
  type StepParts,
  send,
  setup,
  start,
  step,
  ticks,
  typesOf,
  value,
  World,
} from "./testing.ts";

/** A step that calls the world, and a call that takes it back with what it gave. */
const book = (id: string, parts: StepParts = {}) =>
  call(id, "book", id, {
    undo: { kind: "call", config: { do: "cancel", with: `{{ ${id}.value }}` } },
    ...parts,
  });
const broken = (id = "broken", parts: StepParts = {}) =>
  call(id, "break", null, { onFailure: "fail", ...parts });

function worldThatBreaks(): World {
  return new World()
    .on("book", ({ data }) => ({ result: { value: `${data}-1` } }))
    .on("break", () => {
      throw new Outage(null);
    });
}

const cancelled = (world: World) =>
  world.calls.filter(({ name }) => name === "cancel").map(({ data }) => data);

test("a failed run takes back what it did, the last first, with each step's own result", async () => {
  const bundle = setup({ world: worldThatBreaks() });
  const { status, events, id } = await run(bundle, [book("flight"), book("hotel"), value("v", 1), broken()]);
  assert.equal(status, "failed");
  assert.deepEqual(cancelled(bundle.world), ["hotel-1", "flight-1"]);
  const { undone, notUndone, error } = dataOf(events, "run.failed");
  assert.deepEqual(undone, ["hotel", "flight"]);
  assert.deepEqual(notUndone, []);
  assert.deepEqual((error as { code: string }).code, "OUTAGE");
  assert.deepEqual(pathsOf(events, "step.completed"), ["flight", "hotel", "v", "hotel.undo", "flight.undo"]);
  assert.ok(typesOf(events).indexOf("run.undoing") < typesOf(events).indexOf("run.failed"));
  assert.deepEqual(bundle.control.run(id)?.status, "failed");
  await assertSound(bundle);
});

test("the start of a step with an undo is on disk before it begins", async () => {
  const world = new World();
  const held = world.holding("book");
  const bundle = setup({ world });
  const id = await start(bundle, [book("flight")]);
  await world.called("book");
  const started = dataOf(await bundle.journal.read(`run/${id}`), "step.started");
  assert.deepEqual(
    [started.path, started.input, started.undo],
    ["flight", { do: "book", with: "flight" }, true],
  );
  held.get("flight")?.resolve({ result: { value: 1 } });
  assert.equal((await ending(bundle, id)).status, "completed");
});

test("a completed run takes nothing back", async () => {
  const bundle = setup({ world: worldThatBreaks() });
  const { status, events } = await run(bundle, [book("flight")]);
  assert.equal(status, "completed");
  assert.deepEqual(cancelled(bundle.world), []);
  assert.ok(!typesOf(events).includes("run.undoing"));
});

test("a cancelled, a rejected and an expired run are undone too", async () => {
  const bundle = setup({ world: worldThatBreaks() });
  const gate = step("gate", "wait", { event: "go" });
  const asked = step("ask", "ask", { draft: 1 });
  const one = await run(bundle, [book("flight"), gate]);
  await send(bundle, one.id, { kind: "cancel", by: "ann", reason: "no more" });
  const { status, events } = await ending(bundle, one.id);
  assert.equal(status, "cancelled");
  const end = dataOf(events, "run.cancelled");
  assert.deepEqual([end.by, end.reason, end.undone], ["ann", "no more", ["flight"]]);

  const two = await run(bundle, [book("hotel"), asked]);
  const [review = ""] = openReviews(bundle, two.id);
  await answer(bundle, review, { decision: "reject", reviewer: "ann" });
  const rejected = await ending(bundle, two.id);
  assert.equal(rejected.status, "rejected");
  assert.deepEqual(dataOf(rejected.events, "run.rejected").undone, ["hotel"]);
  assert.deepEqual(bundle.control.inbox(two.id), []);

  const three = await run(bundle, [book("car"), gate], { expiresMs: 5_000 });
  bundle.clock.advance(5_001);
  await ticks(20);
  const expired = await ending(bundle, three.id);
  assert.equal(expired.status, "expired");
  assert.deepEqual(dataOf(expired.events, "run.expired").undone, ["car"]);
  assert.deepEqual(cancelled(bundle.world), ["flight-1", "hotel-1", "car-1"]);
  await assertSound(bundle);
});

test("taking back is tried again, and what cannot be taken back is listed while the rest goes on", async () => {
  const world = worldThatBreaks().on("cancel", ({ data, attempt }) => {
    if (data === "hotel-1") throw new Outage("server");
    if (data === "car-1" && attempt < 3) throw new Outage("server");
    return { result: { value: null } };
  });
  const bundle = setup({ world });
  const id = await start(bundle, [book("flight"), book("hotel"), book("car"), broken()]);
  await letTimePass(bundle, id, 500);
  const { status, events } = await ending(bundle, id);
  assert.equal(status, "failed");
  const { undone, notUndone } = dataOf(events, "run.failed");
  assert.deepEqual(undone, ["car", "flight"]);
  assert.deepEqual(
    (notUndone as { path: string; error: { code: string } }[]).map(({ path, error }) => [path, error.code]),
    [["hotel", "OUTAGE"]],
  );
  assert.equal(world.calls.filter(({ data }) => data === "hotel-1").length, 4);
  await assertSound(bundle);
});

test("a step that is known not to have happened is not taken back; one in doubt is, with no result", async () => {
  for (const [retry, expected] of [
    [null, ["a-1"]],
    ["timeout", [null, "a-1"]],
  ] as const) {
    const world = worldThatBreaks().on("doubt", () => {
      throw new Outage(retry);
    });
    const bundle = setup({ world });
    const doubtful = book("doubt", {
      onFailure: "fail",
      retry: { attempts: 1, backoffMs: 1, factor: 1, maxMs: 1, on: [] },
    });
    await run(bundle, [book("a"), { ...doubtful, config: { do: "doubt" } }]);
    assert.deepEqual(cancelled(world), expected);
  }
});

test("what is under way when the run is cancelled is taken back as well", async () => {
  const world = worldThatBreaks();
  world.holding("book");
  const bundle = setup({ world });
  const id = await start(bundle, [book("flight")]);
  await world.called("book");
  await send(bundle, id, { kind: "cancel", by: "ann", reason: null });
  assert.equal((await ending(bundle, id)).status, "cancelled");
  assert.deepEqual(cancelled(world), [null]);
});

test("steps of items and rounds are each taken back, with their own values", async () => {
  const bundle = setup({ world: worldThatBreaks() });
  const inner = call("b", "book", "{{ item }}", {
    undo: { kind: "call", config: { do: "cancel", with: "{{ b.value }} of {{ item }}" } },
  });
  await run(bundle, [
    block("m", "map", { over: ["x", "y"], concurrency: 1, onItemError: "fail", steps: [inner] }),
    broken(),
  ]);
  assert.deepEqual(cancelled(bundle.world), ["y-1 of y", "x-1 of x"]);
});

test("a run that is being undone can be neither cancelled nor paused, and outlives the process at any point", async () => {
  const world = worldThatBreaks();
  const held = world.holding("cancel");
  const first = setup({ world });
  const id = await start(first, [book("flight"), book("hotel"), broken()]);
  await world.called("cancel");
  assert.equal(first.control.run(id)?.status, "undoing");
  await send(first, id, { kind: "cancel", by: "ann", reason: null }, "c1");
  await send(first, id, { kind: "pause", by: "ann", reason: null }, "c2");
  await ticks();
  assert.deepEqual(first.control.inbox(id), []);
  const second = restart(first);
  await world.called("cancel", 2);
  held.get("hotel.undo")?.resolve({ result: { value: null } });
  await world.called("cancel", 3);
  const third = restart(second);
  await world.called("cancel", 4);
  held.get("flight.undo")?.resolve({ result: { value: null } });
  const { status, events } = await ending(third, id);
  assert.equal(status, "failed");
  assert.deepEqual(dataOf(events, "run.failed").undone, ["hotel", "flight"]);
  assert.deepEqual(
    new Set(world.calls.filter(({ name }) => name === "cancel").map(({ key }) => key)),
    new Set([`${id}/hotel.undo`, `${id}/flight.undo`]),
  );
  await assertSound(third);
});

test("a flow gives the undo of its steps as code", async () => {
  const undone: unknown[] = [];
  const code = flow({ name: "trip", version: "1" }, async (context) => {
    const flight = await context.step("flight", () => ({ id: 7 }), {
      undo: (result) => void undone.push(result),
    });
    await context.receive("gate", "go");
    return flight;
  });
  const first = setup({ flows: [code] });
  const release = await publishFlow(first, code);
  const id = await first.executor.start({ release, input: null });
  await first.executor.settled(id);
  const bundle = restart(first, { flows: [code] });
  await send(bundle, id, { kind: "cancel", by: "ann", reason: null });
  assert.equal((await ending(bundle, id)).status, "cancelled");
  assert.deepEqual(undone, [{ id: 7 }]);
});

test("a waiting run that is cancelled while there is no place is undone once there is one", async () => {
  const world = worldThatBreaks();
  const held = world.holding("other");
  const bundle = setup({ world, limits: { running: 1 } });
  const waits = await start(bundle, [book("flight"), step("gate", "wait", { event: "go" })]);
  await bundle.executor.settled(waits);
  await start(bundle, [call("other", "other")]);
  await world.called("other");
  await send(bundle, waits, { kind: "cancel", by: "ann", reason: null });
  await ticks(20);
  assert.equal(bundle.control.run(waits)?.status, "undoing");
  held.get("other")?.resolve({ result: { value: 1 } });
  const { status } = await ending(bundle, waits);
  assert.deepEqual([status, cancelled(world)], ["cancelled", ["flight-1"]]);
  await assertSound(bundle);
});
