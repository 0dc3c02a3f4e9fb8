import assert from "node:assert/strict";
import { test } from "node:test";
import { DiskFull } from "../journal/index.ts";
import { QueueFull } from "./errors.ts";
import {
  assertSound,
  type Bundle,
  block,
  call,
  dataOf,
  document,
  ending,
  letTimePass,
  memoryDisk,
  publish,
  type RunParts,
  restart,
  send,
  setup,
  start,
  step,
  ticks,
  typesOf,
  World,
} from "./testing.ts";

const minute = 60_000;

/** Starts runs of one held call each; the ids, by the path of the call's answer. */
async function startAll(bundle: Bundle, inputs: readonly RunParts[]): Promise<string[]> {
  const ids: string[] = [];
  for (const parts of inputs) ids.push(await start(bundle, [call("c", "hold", "{{ input }}")], parts));
  await ticks();
  return ids;
}

interface Held {
  readonly world: World;
  /** What is under way, in the order in which it began, by the run's input. */
  readonly begun: unknown[];
  /** Lets the call of a run's input end. */
  release(input: unknown): Promise<void>;
}

function heldWorld(): Held {
  const begun: unknown[] = [];
  const open = new Map<unknown, () => void>();
  const world = new World().on("hold", ({ data }) => {
    begun.push(data);
    return new Promise((resolve) => open.set(data, () => resolve({ result: { value: data } })));
  });
  return {
    world,
    begun,
    async release(input) {
      open.get(input)?.();
      await ticks(12);
    },
  };
}

const statuses = ({ control }: Bundle, ids: readonly string[]) => ids.map((id) => control.run(id)?.status);
const inputs = (count: number) => Array.from({ length: count }, (_, input) => ({ input }));

test("runs above the number at once wait as rows, and begin in order, each when a place is free (A1, A3)", async () => {
  const { world, begun, release } = heldWorld();
  const bundle = setup({ world, limits: { running: 2 } });
  const ids = await startAll(bundle, inputs(5));
  assert.deepEqual(statuses(bundle, ids), ["running", "running", "queued", "queued", "queued"]);
  assert.deepEqual([begun, bundle.executor.loadedCount, bundle.executor.queuedCount], [[0, 1], 2, 3]);
  await release(1);
  assert.deepEqual(begun, [0, 1, 2]);
  for (const input of [0, 2, 3, 4]) await release(input);
  for (const id of ids) assert.equal((await ending(bundle, id)).status, "completed");
  assert.equal(bundle.executor.queuedCount, 0);
  assert.deepEqual(typesOf(await bundle.journal.read(`run/${ids[4]}`)).slice(0, 2), [
    "run.started",
    "run.admitted",
  ]);
  await assertSound(bundle);
});

test("the queue outlives the process", async () => {
  const { world, begun, release } = heldWorld();
  const first = setup({ world, limits: { running: 1 } });
  const ids = await startAll(first, inputs(4));
  const bundle = restart(first, { limits: { running: 1 } });
  await ticks();
  for (const input of [0, 1, 2, 3]) await release(input);
  for (const id of ids) assert.equal((await ending(bundle, id)).status, "completed");
  assert.deepEqual(begun, [0, 0, 1, 2, 3]);
  await assertSound(bundle);
});

test("a queue that is full refuses, and accepts nothing", async () => {
  const { world, release } = heldWorld();
  const bundle = setup({ world, limits: { running: 1, queued: 2 } });
  await startAll(bundle, inputs(3));
  const refused = start(bundle, [call("c", "hold", 9)], { id: "late" });
  await assert.rejects(refused, (error) => error instanceof QueueFull && error.status === 429);
  assert.equal(bundle.control.run("late"), undefined);
  await release(0);
  await start(bundle, [call("c", "hold", 9)], { id: "late" });
  assert.equal(bundle.control.run("late")?.status, "queued");
  // What is there already is found, however full the queue is.
  assert.equal(await start(bundle, [call("c", "hold", 9)], { id: "late" }), "late");
});

test("a workflow's concurrency counts each key apart, and holds up nobody else (A4)", async () => {
  const { world, begun, release } = heldWorld();
  const bundle = setup({ world });
  const concurrency = [{ limit: 1, key: "{{ input[0] }}" }, { limit: 3 }];
  const runs = ["a1", "a2", "a3", "b1", "b2", "c1", "d1"].map((input) => ({ input, concurrency }));
  const ids = await startAll(bundle, runs);
  assert.deepEqual(begun, ["a1", "b1", "c1"]);
  await release("a1");
  assert.deepEqual(begun, ["a1", "b1", "c1", "a2"]);
  await release("b1");
  await release("c1");
  assert.deepEqual(begun, ["a1", "b1", "c1", "a2", "b2", "d1"]);
  for (const input of ["a2", "a3", "b2", "d1"]) await release(input);
  for (const id of ids) assert.equal((await ending(bundle, id)).status, "completed");
  await assertSound(bundle);
});

test("higher priority goes first, and a point is worth a minute of waiting", async () => {
  const { world, begun, release } = heldWorld();
  const bundle = setup({ world, limits: { running: 1 } });
  await startAll(bundle, [{ input: "first" }, { input: "old" }]);
  bundle.clock.advance(2 * minute);
  await startAll(bundle, [
    { input: "low", priority: -1 },
    { input: "one", priority: 1 },
    { input: "three", priority: 3 },
  ]);
  for (const input of ["first", "three", "old", "one", "low"]) await release(input);
  assert.deepEqual(begun, ["first", "three", "old", "one", "low"]);
});

test("a rate lets a burst of its limit in, then one by one; also across a restart", async () => {
  const { world, begun, release } = heldWorld();
  const rate = [{ limit: 2, perMs: minute }];
  const first = setup({ world });
  await startAll(
    first,
    inputs(4).map((parts) => ({ ...parts, rate })),
  );
  assert.deepEqual(begun, [0, 1]);
  for (const input of [0, 1]) await release(input);
  const bundle = restart(first);
  await ticks();
  assert.deepEqual(begun, [0, 1]);
  bundle.clock.advance(minute / 2 - 1);
  await ticks();
  assert.deepEqual(begun, [0, 1]);
  bundle.clock.advance(1);
  await ticks();
  assert.deepEqual(begun, [0, 1, 2]);
  bundle.clock.advance(minute / 2);
  await ticks();
  assert.deepEqual(begun, [0, 1, 2, 3]);
  await assertSound(bundle);
});

test("a queued run can be cancelled, expires, and can be paused and resumed", async () => {
  const { world, begun, release } = heldWorld();
  const bundle = setup({ world, limits: { running: 1 } });
  const parts = [{ input: 0 }, { input: 1 }, { input: 2, expiresMs: minute }, { input: 3 }, { input: 4 }];
  const [, cancelled = "", expired = "", paused = "", last = ""] = await startAll(bundle, parts);
  await send(bundle, cancelled, { kind: "cancel", by: "ann", reason: null }, "c1");
  await send(bundle, paused, { kind: "pause", by: "ann", reason: "later" }, "c2");
  bundle.clock.advance(minute);
  await ticks(12);
  assert.deepEqual(statuses(bundle, [cancelled, expired, paused, last]), [
    "cancelled",
    "expired",
    "paused",
    "queued",
  ]);
  assert.equal(bundle.executor.queuedCount, 1);
  await release(0);
  assert.deepEqual(begun, [0, 4]);
  await send(bundle, paused, { kind: "resume", by: "ann" }, "c3");
  await ticks();
  assert.deepEqual([bundle.control.run(paused)?.status, begun.length], ["paused", 2]);
  await release(4);
  assert.deepEqual(begun, [0, 4, 3]);
  await assertSound(bundle);
});

test("a waiting run gives its place back, and takes one again when it goes on", async () => {
  const { world, begun, release } = heldWorld();
  const bundle = setup({ world, limits: { running: 1 } });
  const gate = step("gate", "wait", { event: "go" });
  const waiting = await start(bundle, [gate, call("c", "hold", "waited")]);
  await bundle.executor.settled(waiting);
  await startAll(bundle, inputs(1));
  assert.deepEqual(begun, [0]);
  await send(bundle, waiting, { kind: "signal", event: "go", data: 1 });
  await ticks();
  assert.deepEqual(begun, [0]);
  await release(0);
  assert.deepEqual(begun, [0, "waited"]);
});

test("a run that waits can be cancelled although there is no place for it", async () => {
  const { world } = heldWorld();
  const bundle = setup({ world, limits: { running: 1 } });
  const waiting = await start(bundle, [step("gate", "wait", { event: "go" })]);
  await bundle.executor.settled(waiting);
  await startAll(bundle, inputs(1));
  await send(bundle, waiting, { kind: "cancel", by: "ann", reason: null });
  assert.equal((await ending(bundle, waiting)).status, "cancelled");
});

test("a child keeps to the limits of its own workflow", async () => {
  const { world, begun, release } = heldWorld();
  const bundle = setup({ world });
  const child = await publish(
    bundle,
    document([call("c", "hold", "{{ input }}")], { workflow: "child", concurrency: [{ limit: 1 }] }),
  );
  const ids: string[] = [];
  for (const input of [1, 2])
    ids.push(
      await start(bundle, [step("child", "workflow", { name: "child", input: "{{ input }}" })], {
        input,
        children: [child],
      }),
    );
  await ticks(12);
  assert.deepEqual(begun, [1]);
  await release(1);
  assert.deepEqual(begun, [1, 2]);
  await release(2);
  for (const id of ids) assert.equal((await ending(bundle, id)).status, "completed");
  await assertSound(bundle);
});

// Steps

test("a step's concurrency holds over all runs, for each key; who waits long becomes a row and is woken", async () => {
  const { world, begun, release } = heldWorld();
  const bundle = setup({ world });
  const steps = [call("c", "hold", "{{ input }}", { concurrency: [{ limit: 1, key: "{{ input[0] }}" }] })];
  const ids: string[] = [];
  for (const input of ["a1", "a2", "b1", "a3"]) ids.push(await start(bundle, steps, { input }));
  await ticks();
  assert.deepEqual(begun, ["a1", "b1"]);
  bundle.clock.advance(1_001);
  await ticks(12);
  const { status, waitingFor, waitingKey } = bundle.control.run(ids[1] ?? "") ?? {};
  assert.deepEqual([status, waitingFor], ["waiting", "limit"]);
  assert.match(String(waitingKey), /^step:test\/c:at_once0=/);
  assert.equal(bundle.executor.loadedCount, 2);
  await release("a1");
  assert.deepEqual(begun, ["a1", "b1", "a2"]);
  await release("a2");
  await release("a3");
  await release("b1");
  for (const id of ids) assert.equal((await ending(bundle, id)).status, "completed");
  await assertSound(bundle);
});

test("items of a map share the limit of their step; the highest priority goes first", async () => {
  const world = new World();
  const bundle = setup({ world });
  const inner = call("c", "x", "{{ item }}", { concurrency: [{ limit: 2 }], priority: "{{ item }}" });
  const map = { over: [1, 2, 3, 4, 5, 6], concurrency: 6, onItemError: "fail", steps: [inner] };
  const id = await start(bundle, [block("m", "map", map)]);
  assert.equal((await ending(bundle, id)).status, "completed");
  assert.equal(world.mostAtOnce, 2);
  const began = world.calls.map(({ data }) => Number(data));
  // Two places are free at once, and are taken in the order of the list.
  const pairs = [0, 2, 4].map((at) => began.slice(at, at + 2).sort());
  assert.deepEqual(pairs, [
    [1, 2],
    [5, 6],
    [3, 4],
  ]);
});

test("a step's rate spreads its executions over time, and its moments are on disk", async () => {
  const world = new World();
  const bundle = setup({ world });
  const inner = call("c", "x", "{{ item }}", { rate: [{ limit: 1, perMs: 10_000 }] });
  const map = { over: [1, 2, 3], concurrency: 3, onItemError: "fail", steps: [inner] };
  const id = await start(bundle, [block("m", "map", map)]);
  await ticks();
  assert.equal(world.count("x"), 1);
  assert.ok((await letTimePass(bundle, id, 1_000)) >= 20_000);
  assert.equal((await ending(bundle, id)).status, "completed");
  assert.equal(bundle.control.rates().length, 1);
  await assertSound(bundle);
});

test("a limit whose key cannot be made out fails the step, and says why", async () => {
  const bundle = setup();
  const id = await start(bundle, [
    call("c", "x", 1, { concurrency: [{ limit: 1, key: "{{ input.tenant }}" }] }),
  ]);
  const { status, row } = await ending(bundle, id);
  assert.equal(status, "paused");
  assert.match(JSON.parse(row.error ?? "").message, /tenant/);
});

test("a run that has not ended in time expires, whatever it does", async () => {
  const { world } = heldWorld();
  const bundle = setup({ world });
  const under = await start(bundle, [call("c", "hold", 1)], { expiresMs: minute });
  const waiting = await start(bundle, [step("gate", "wait", { event: "go" })], { expiresMs: minute });
  const paused = await start(bundle, [step("c", "now", { do: "x", with: "{{ input.no }}" })], {
    expiresMs: minute,
  });
  await ticks();
  bundle.clock.advance(minute - 1);
  await ticks(12);
  assert.deepEqual(statuses(bundle, [under, waiting, paused]), ["running", "waiting", "paused"]);
  bundle.clock.advance(1);
  await ticks(12);
  assert.deepEqual(statuses(bundle, [under, waiting, paused]), ["expired", "expired", "expired"]);
  const { deadline } = dataOf(await bundle.journal.read(`run/${under}`), "run.expired");
  assert.equal(deadline, bundle.clock.now());
  await assertSound(bundle);
});

test("a queued run whose turn comes while it hears a signal is taken up once", async () => {
  const held = heldWorld();
  const bundle = setup({ world: held.world, limits: { running: 1 } });
  const steps = [step("gate", "wait", { event: "go" }), call("c", "hold", "{{ input }}")];
  const [one = ""] = await startAll(bundle, [{ input: 1 }]);
  const two = await start(bundle, steps, { input: 2 });
  const signalled = send(bundle, two, { kind: "signal", event: "go", data: null });
  await Promise.all([signalled, held.release(1)]);
  await held.release(2);
  await ticks(20);
  assert.deepEqual(statuses(bundle, [one, two]), ["completed", "completed"]);
  assert.deepEqual(bundle.troubles, []);
  await assertSound(bundle);
});

test("a signal for a waiting run that finds no place is not lost with the process", async () => {
  const held = heldWorld();
  const first = setup({ world: held.world, limits: { running: 1 } });
  const waits = await start(first, [step("gate", "wait", { event: "go" })]);
  await first.executor.settled(waits);
  await startAll(first, [{ input: 1 }]);
  await send(first, waits, { kind: "signal", event: "go", data: "green" });
  await ticks(20);
  const bundle = restart(first, { limits: { running: 1 } });
  await ticks(20);
  await held.release(1);
  await letTimePass(bundle, waits, 1_000);
  assert.equal((await ending(bundle, waits)).output, "green");
});

test("a queued run that meets a full disk stands in the queue again, and has its turn later", async () => {
  const disk = memoryDisk();
  const commit = disk.storage.commit.bind(disk.storage);
  let full = 0;
  disk.storage.commit = (rows, changes, erased) => {
    if (rows.some(({ type }) => type === "run.admitted") && full++ === 0) throw new DiskFull("the disk");
    return commit(rows, changes, erased);
  };
  const held = heldWorld();
  const bundle = setup({ disk, world: held.world, limits: { running: 1 } });
  const ids = await startAll(bundle, [{ input: 1 }, { input: 2 }]);
  await held.release(1);
  assert.deepEqual([statuses(bundle, ids), full], [["completed", "queued"], 1]);
  bundle.clock.advance(5_000);
  await ticks(20);
  await held.release(2);
  assert.deepEqual(statuses(bundle, ids), ["completed", "completed"]);
  await assertSound(bundle);
});
