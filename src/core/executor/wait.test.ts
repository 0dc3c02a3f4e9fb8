import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertSound,
  type Bundle,
  block,
  ending,
  pathsOf,
  restart,
  run,
  setup,
  start,
  step,
  ticks,
  typesOf,
  value,
} from "./testing.ts";

const hour = 3_600_000;
const waitFor = (id: string, config: { [key: string]: string }) => step(id, "wait", config);

/** The same bundle, or the one of a process that took over: what holds must hold for both. */
const both: readonly ((bundle: Bundle) => Bundle)[] = [(bundle) => bundle, (bundle) => restart(bundle)];

// Time

test("a run that waits costs a row that says what for and until when, and goes on when it is due", async () => {
  for (const next of both) {
    const first = setup();
    const dueAt = first.clock.now() + 4 * hour;
    const { id, status, row } = await run(first, [waitFor("pause", { for: "4h" }), value("b", 2)]);
    assert.equal(status, "waiting");
    assert.deepEqual([row.waitingFor, row.dueAt, row.waitingSince], ["time", dueAt, first.clock.now()]);
    assert.equal(first.executor.loadedCount, 0);
    const bundle = next(first);
    bundle.clock.advance(4 * hour - 1);
    assert.equal((await ending(bundle, id)).status, "waiting");
    bundle.clock.advance(1);
    const { output, events } = await ending(bundle, id);
    assert.equal(output, 2);
    assert.deepEqual(typesOf(events), [
      "run.started",
      "step.waited",
      "run.suspended",
      "run.woken",
      "step.completed",
      "step.completed",
      "run.completed",
    ]);
    await assertSound(bundle);
  }
});

test("a wait that fell due while no process lived goes on at the next start", async () => {
  const first = setup();
  const { id } = await run(first, [waitFor("pause", { for: "4h" }), value("b", 2)]);
  first.kill();
  first.clock.advance(6 * hour);
  const bundle = restart(first);
  await ticks();
  assert.equal((await ending(bundle, id)).status, "completed");
});

test("a short wait stays in memory", async () => {
  const bundle = setup();
  const id = await start(bundle, [waitFor("pause", { for: "500ms" }), value("b", 2)]);
  await ticks();
  assert.equal(bundle.executor.loadedCount, 1);
  bundle.clock.advance(500);
  const { output, events } = await ending(bundle, id);
  assert.deepEqual([output, typesOf(events).includes("run.suspended")], [2, false]);
});

test("of several waits the earliest wakes the run, which then waits for the next", async () => {
  const bundle = setup();
  const steps = [
    waitFor("long", { for: "3h" }),
    waitFor("short", { for: "1h" }),
    waitFor("mid", { for: "2h" }),
  ];
  const { id, row } = await run(bundle, [block("all", "parallel", { steps })]);
  const beginning = bundle.clock.now();
  assert.equal(row.dueAt, beginning + hour);
  for (const hours of [1, 2]) {
    bundle.clock.advance(hour);
    const { status, row: later } = await ending(bundle, id);
    assert.deepEqual([status, later.dueAt], ["waiting", beginning + (hours + 1) * hour]);
  }
  bundle.clock.advance(hour);
  const { status, events } = await ending(bundle, id);
  assert.equal(status, "completed");
  assert.deepEqual(pathsOf(events, "step.completed"), ["all.short", "all.mid", "all.long"]);
});

test("more runs than one look wakes, which fall due at the same moment, all go on", async () => {
  const bundle = setup();
  const ids = await Promise.all(
    Array.from({ length: 600 }, () => start(bundle, [waitFor("pause", { for: "1h" })])),
  );
  await Promise.all(ids.map((id) => bundle.executor.settled(id)));
  bundle.clock.advance(hour);
  for (let turn = 0; turn < 50; turn++) {
    await ticks();
    bundle.clock.advance(20);
  }
  assert.deepEqual(bundle.control.countRuns(), { completed: 600 });
});

test("each of several runs goes on at its own moment, not at the next look", async () => {
  const bundle = setup();
  const first = (await run(bundle, [waitFor("pause", { for: "1h" })])).id;
  bundle.clock.advance(300);
  const second = (await run(bundle, [waitFor("pause", { for: "1h" })])).id;
  bundle.clock.advance(hour - 300);
  await ticks();
  assert.deepEqual(
    [bundle.control.run(first)?.status, bundle.control.run(second)?.status],
    ["completed", "waiting"],
  );
  bundle.clock.advance(300);
  await ticks();
  assert.equal(bundle.control.run(second)?.status, "completed");
});
