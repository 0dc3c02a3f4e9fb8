import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../base/index.ts";
import { DiskFull } from "../journal/index.ts";
import { applyRetention } from "./retention.ts";
import {
  answer,
  type Bundle,
  call,
  document,
  ending,
  memoryDisk,
  openReviews,
  publish,
  restart,
  run,
  send,
  setup,
  step,
  ticks,
  value,
} from "./testing.ts";

const day = 86_400_000;
const policy = { bodies: "90d", decisions: "365d" };

/** Applies retention so many days from the beginning. The bundle's own clock stays: it would poll all those seconds. */
function retain({ journal, control, clock }: Bundle, days: number, retention = policy): Promise<number> {
  return applyRetention({ journal, control, clock: new ManualClock(clock.now() + days * day) }, retention);
}

/** The types of a stream's events, those that were erased in brackets. */
async function remains({ journal }: Bundle, stream: string): Promise<string> {
  const events = await journal.read(stream);
  return events.map(({ type, data }) => (data ? type : `[${type}]`)).join(" ");
}

test("moments of rates go with retention once they are past, and no sooner", async () => {
  const bundle = setup();
  const rates = [
    { limit: 1, perMs: 1_000 },
    { limit: 1, perMs: day },
  ];
  const { id } = await run(bundle, [call("a", "echo", 1, { rate: rates })]);
  assert.equal(bundle.control.rates().length, 2);
  bundle.clock.advance(2_000);
  await ticks();
  for (const days of [91, 400]) {
    await retain(bundle, days);
    assert.deepEqual(
      bundle.control.rates().map(({ name }) => name.endsWith("rate1")),
      [true],
    );
  }
  assert.equal(bundle.control.run(id), undefined);
});

async function endedRun(bundle: Bundle) {
  const steps = [
    call("a", "echo", "secret"),
    step("ask", "ask", { draft: "secret" }),
    step("gate", "wait", { event: "go" }),
  ];
  const { id } = await run(bundle, steps);
  const [review] = openReviews(bundle, id);
  assert.ok(review);
  await answer(bundle, review, { decision: "approve", value: "secret", reviewer: "ann" });
  await send(bundle, id, { kind: "signal", event: "go", data: "secret" }, `signal-${id}`);
  assert.equal((await ending(bundle, id)).status, "completed");
  return { id, review };
}

test("bodies go after their time, decisions stay until theirs, and the chain verifies throughout", async () => {
  const bundle = setup();
  const { id, review } = await endedRun(bundle);
  assert.equal(await retain(bundle, 89), 0);

  assert.equal(await retain(bundle, 91), 1);
  const bodies = await remains(bundle, `run/${id}`);
  assert.match(bodies, /^\[run\.started\] \[step\.completed\] .* run\.completed run\.erased$/);
  assert.equal(await remains(bundle, `review/${review}`), "[review.requested] review.decided");
  assert.equal(await remains(bundle, `command/${id}/signal-${id}`), "[command.received]");
  assert.equal(bundle.control.run(id)?.erased, 1);
  assert.deepEqual((await bundle.journal.verify()).firstBad, null);
  assert.equal(await retain(bundle, 91), 0);

  assert.equal(await retain(bundle, 391), 1);
  for (const stream of [`run/${id}`, `review/${review}`, `command/${id}/signal-${id}`])
    assert.equal(await remains(bundle, stream), "", stream);
  assert.deepEqual([bundle.control.run(id), bundle.control.review(review)], [undefined, undefined]);
  assert.deepEqual((await bundle.journal.verify()).firstBad, null);
  const said = (await bundle.journal.read("retention")).map(({ type, data }) => [type, data?.policy]);
  assert.deepEqual(said, [
    ["retention.applied", "bodies after 90d"],
    ["retention.pruned", "decisions after 365d"],
  ]);
  assert.equal(await retain(bundle, 391), 0);
});

test("decisions may stay for ever", async () => {
  const bundle = setup();
  const { id } = await endedRun(bundle);
  await retain(bundle, 1_000, { bodies: "90d", decisions: "forever" });
  assert.match(await remains(bundle, `run/${id}`), /run\.completed run\.erased$/);
});

test("what a run's error said goes with its decisions, from the control tables too", async () => {
  const bundle = setup();
  bundle.world.failing("bad", 9, () => new TypeError("secret"));
  const { id } = await run(bundle, [call("a", "bad", 1, { onFailure: "fail" })]);
  await retain(bundle, 91);
  assert.match(bundle.control.run(id)?.error ?? "", /secret/);
  await retain(bundle, 391);
  assert.equal(bundle.control.run(id), undefined);
});

test("runs that have not ended are never touched, and assets stay", async () => {
  const bundle = setup();
  const { id } = await run(bundle, [step("gate", "wait", { event: "go" }), value("b", 1)]);
  const release = await publish(bundle, document([value("x", 1)]));
  assert.equal(await retain(bundle, 1_000), 0);
  assert.ok((await bundle.journal.readAll(0, 1_000)).every(({ data }) => data));
  await send(bundle, id, { kind: "signal", event: "go", data: 1 });
  await ticks();
  assert.equal((await ending(bundle, id)).status, "completed");
  assert.ok(await bundle.releases.load(release.digest));
});

test("what a run was told too late goes with its bodies", async () => {
  const bundle = setup();
  const { id } = await run(bundle, [value("a", 1)]);
  await send(bundle, id, { kind: "signal", event: "go", data: "secret" }, "late");
  await ticks();
  await retain(bundle, 91);
  assert.equal(await remains(bundle, `command/${id}/late`), "[command.received] [command.dismissed]");
});

test("a command of the first formats, which is not under its run's name, goes with its run", async () => {
  const bundle = setup();
  const { id } = await run(bundle, [step("gate", "wait", { event: "go" })]);
  const data = { run: id, kind: "signal", event: "go", data: "secret" };
  const events = [{ type: "command.received", data }];
  await bundle.journal.append([{ stream: "command/old", expectedSeq: 0, actor: "local", events }]);
  bundle.executor.wake(id);
  assert.equal((await ending(bundle, id)).status, "completed");
  await retain(bundle, 91);
  assert.equal(await remains(bundle, "command/old"), "[command.received]");
});

test("a run is kept as long as its parent goes on, or its batch is not complete", async () => {
  const bundle = setup();
  const child = await publish(bundle, document([value("x", 1)], { workflow: "child" }));
  const steps = [step("sub", "workflow", { name: "child" }), step("gate", "wait", { event: "go" })];
  const parent = await run(bundle, steps, { children: [child] });
  assert.deepEqual([parent.status, bundle.control.countRuns()], ["waiting", { waiting: 1, completed: 1 }]);
  const batch = { workflow: "child", inputDigest: "d", name: "", generation: 1, version: "v", release: "r" };
  const begun = { type: "batch.started", data: { ...batch, rows: 1 } };
  await bundle.journal.append([{ stream: "batch/b", expectedSeq: 0, actor: "local", events: [begun] }]);
  await bundle.executor.start({ release: child, input: null, id: "of-batch", batch: "b", row: 0 });
  await bundle.executor.settled("of-batch");
  await retain(bundle, 1_000);
  assert.deepEqual(bundle.control.countRuns(), { waiting: 1, completed: 2 });

  await send(bundle, parent.id, { kind: "signal", event: "go", data: 1 });
  await bundle.executor.settled(parent.id);
  const done = { type: "batch.completed", data: {} };
  await bundle.journal.append([{ stream: "batch/b", expectedSeq: 1, actor: "local", events: [done] }]);
  assert.equal(await retain(bundle, 1_000), 3);
  assert.deepEqual(bundle.control.countRuns(), {});
  assert.deepEqual((await bundle.journal.verify()).firstBad, null);
});

test("a complete batch whose runs were pruned starts none of them anew", async () => {
  const bundle = setup();
  const release = await publish(bundle, document([call("a", "echo", 1)]));
  const request = {
    release,
    inputDigest: "d",
    name: "",
    rows: [{ row: 0, input: null }],
    concurrency: 1,
    again: false,
    continue: false,
    signal: new AbortController().signal,
  };
  await bundle.batches.run(request, () => {});
  assert.equal(await retain(bundle, 1_000), 1);
  const news: string[] = [];
  await bundle.batches.run(request, (told) => news.push("problem" in told ? told.problem : told.type));
  assert.match(news.join(), /^begun,.*--again/);
  assert.equal(bundle.world.count("echo"), 1);
});

test("the same id may be used again after its run was pruned, before and after a restart", async () => {
  let bundle = setup();
  for (let life = 0; life < 3; life++) {
    if (life === 2) bundle = restart(bundle);
    assert.equal((await run(bundle, [value("a", 1)], { id: "mine" })).status, "completed");
    assert.equal(await retain(bundle, 1_000), 1);
    assert.deepEqual((await bundle.journal.verify()).firstBad, null);
  }
});

test("more runs than are erased at once are all erased", async () => {
  const bundle = setup();
  for (let n = 0; n < 250; n++) await run(bundle, [value("a", n)]);
  assert.equal(await retain(bundle, 91), 250);
  assert.equal((await bundle.journal.read("retention")).length, 3);
  assert.deepEqual((await bundle.journal.verify()).firstBad, null);
});

test("on a full disk fewer runs are erased at once, until there is room for them", async () => {
  const disk = memoryDisk();
  const commit = disk.storage.commit.bind(disk.storage);
  const sizes: number[] = [];
  let room = 8;
  disk.storage.commit = (rows, changes, removal) => {
    const { length } = removal.erased;
    if (length > room) throw new DiskFull("the disk");
    if (length > 0) sizes.push(length);
    return commit(rows, changes, removal);
  };
  const bundle = setup({ disk });
  for (let n = 0; n < 5; n++) await run(bundle, [value("a", n)]);
  assert.equal(await retain(bundle, 91), 5);
  assert.ok(sizes.length > 1 && sizes.every((size) => size <= room), sizes.join());
  assert.equal((await bundle.journal.verify()).ok, true);

  room = 0;
  await run(bundle, [value("a", 1)]);
  await assert.rejects(retain(bundle, 91), DiskFull);
});

test("the bodies of a run with a damaged event go all the same", async () => {
  const bundle = setup();
  const { id } = await run(bundle, [value("a", "secret")]);
  const readStream = bundle.storage.readStream.bind(bundle.storage);
  bundle.storage.readStream = (stream, afterSeq) =>
    readStream(stream, afterSeq).map((row) =>
      row.seq === 2 && row.salt ? { ...row, type: "damaged" } : row,
    );
  await assert.rejects(bundle.journal.read(`run/${id}`), { code: "EVENT_DAMAGED" });
  assert.equal(await retain(bundle, 91), 1);
  bundle.storage.readStream = readStream;
  assert.match(await remains(bundle, `run/${id}`), /^\[run\.started\] \[step\.completed\]/);
});
