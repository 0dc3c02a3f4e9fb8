import assert from "node:assert/strict";
import { test } from "node:test";
import type { BatchInput, BatchNews, BatchRequest } from "./batch.ts";
import { assetOf } from "./release.ts";
import {
  assertSound,
  type Bundle,
  call,
  document,
  publish,
  restart,
  setup,
  step,
  ticks,
  typesOf,
  value,
} from "./testing.ts";

const steps = [call("work", "work", "{{ input.n }}"), value("out", "{{ work.value * 2 }}")];

const rowsOf = (count: number): BatchInput[] =>
  Array.from({ length: count }, (_, row) => ({ row, input: { n: row } }));

async function request(bundle: Bundle, parts: Partial<BatchRequest> = {}): Promise<BatchRequest> {
  const input = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
  return {
    release: await publish(bundle, document(steps, { input })),
    inputDigest: "digest",
    name: "",
    rows: rowsOf(10),
    concurrency: 3,
    again: false,
    continue: false,
    signal: new AbortController().signal,
    ...parts,
  };
}

async function runBatch(bundle: Bundle, parts: Partial<BatchRequest> = {}) {
  const news: BatchNews[] = [];
  const batch = await bundle.batches.run(await request(bundle, parts), (item) => news.push(item));
  const begun = news.flatMap((item) => (item.type === "begun" ? [item] : []));
  const runs = news.flatMap((item) => (item.type === "run" ? [item] : []));
  const refused = news.flatMap((item) => (item.type === "refused" ? [item] : []));
  assert.equal(begun.length, 1);
  return { batch, isNew: begun[0]?.isNew, done: begun[0]?.done, runs, refused };
}

const statusesOf = (runs: readonly { row: number; status: string }[]) =>
  runs.toSorted((a, b) => a.row - b.row).map(({ row, status }) => `${row} ${status}`);

test("a batch runs each row once, so many at a time, and completes", async () => {
  const bundle = setup();
  const { batch, isNew, done, runs } = await runBatch(bundle);
  assert.deepEqual([isNew, done], [true, 0]);
  assert.deepEqual(
    statusesOf(runs),
    rowsOf(10).map(({ row }) => `${row} completed`),
  );
  assert.equal(bundle.world.mostAtOnce, 3);
  assert.equal(bundle.control.batch(batch.id)?.status, "completed");
  assert.deepEqual(
    bundle.control.batchRuns(batch.id).map(({ batchRow }) => batchRow),
    rowsOf(10).map(({ row }) => row),
  );
  const events = await bundle.journal.read(`batch/${batch.id}`);
  assert.deepEqual(
    [typesOf(events), events[1]?.data?.counts],
    [["batch.started", "batch.completed"], { completed: 10 }],
  );
  await assertSound(bundle);
});

test("the same batch again prints its result and starts nothing", async () => {
  const bundle = setup();
  const first = await runBatch(bundle);
  const before = bundle.journal.lastPosition();
  const second = await runBatch(bundle);
  assert.deepEqual([second.isNew, second.done, second.batch.id], [false, 10, first.batch.id]);
  assert.deepEqual(statusesOf(second.runs), statusesOf(first.runs));
  assert.deepEqual([bundle.journal.lastPosition(), bundle.world.calls.length], [before, 10]);
});

test("another input, name or --again is another batch", async () => {
  const bundle = setup();
  const ids = new Set<string>();
  for (const parts of [{}, { inputDigest: "other" }, { name: "named" }, { again: true }, { again: true }])
    ids.add((await runBatch(bundle, { rows: rowsOf(1), ...parts })).batch.id);
  assert.equal(ids.size, 5);
  assert.equal(bundle.control.latestBatch("test", "digest", "")?.generation, 3);
  assert.equal((await runBatch(bundle, { rows: rowsOf(1) })).isNew, false);
});

test("a batch that was killed is taken up: what is done stays done, each row runs once", async () => {
  const first = setup();
  const held = first.world.holding("work");
  const parts = await request(first);
  void first.batches.run(parts, () => {}).catch(() => undefined);
  await first.world.called("work", 3);
  for (const call of first.world.calls.slice(0, 2)) {
    for (const [path, answer] of held) if (path === call.path) answer.resolve({ result: { value: 0 } });
  }
  await ticks(10);
  first.kill();
  first.world.on("work", ({ data }) => ({ result: { value: data } }));
  const bundle = restart(first);
  const { isNew, runs, batch } = await runBatch(bundle);
  assert.equal(isNew, false);
  assert.deepEqual(
    statusesOf(runs),
    rowsOf(10).map(({ row }) => `${row} completed`),
  );
  assert.equal(bundle.control.batchRuns(batch.id).length, 10);
  assert.equal(bundle.control.countRuns().completed, 10);
  await assertSound(bundle);
});

test("a workflow that has changed since is refused before anything starts, both versions named", async () => {
  const bundle = setup();
  const stop = new AbortController();
  bundle.world.on("work", ({ data }) => {
    stop.abort();
    return { result: { value: data } };
  });
  await runBatch(bundle, { signal: stop.signal, concurrency: 1 });
  const old = await request(bundle);
  const input = { type: "object" };
  const release = await publish(bundle, document([...steps, value("more", 1)], { input }));
  const before = bundle.journal.lastPosition();
  await assert.rejects(
    runBatch(bundle, { release }),
    (error: Error & { code?: string; exitCode?: number }) => {
      assert.deepEqual([error.code, error.exitCode], ["BATCH_VERSION_CHANGED", 3]);
      for (const version of [old.release.version, release.version])
        assert.ok(error.message.includes(version.slice(0, 12)));
      return true;
    },
  );
  assert.equal(bundle.journal.lastPosition(), before);

  const continued = await runBatch(bundle, { release, continue: true });
  assert.deepEqual([continued.isNew, continued.runs.length], [false, 10]);
  assert.ok(
    bundle.control.batchRuns(continued.batch.id).every(({ version }) => version === old.release.version),
  );
  const again = await runBatch(bundle, { release, again: true });
  assert.equal(again.isNew, true);
  assert.ok(bundle.control.batchRuns(again.batch.id).every(({ version }) => version === release.version));
});

test("a batch that is complete is kept to its version too, and --continue shows its result", async () => {
  const bundle = setup();
  await runBatch(bundle);
  const release = await publish(bundle, document([value("other", 1)]));
  await assert.rejects(runBatch(bundle, { release }), { code: "BATCH_VERSION_CHANGED" });
  const { isNew, runs } = await runBatch(bundle, { release, continue: true });
  assert.deepEqual([isNew, runs.length, bundle.control.countRuns()], [false, 10, { completed: 10 }]);
});

test("a workflow whose prompt alone has changed is another release of the same version", async () => {
  const bundle = setup();
  const { release } = await request(bundle);
  const assets = (text: string) => [assetOf("prompt", "p", { text })];
  const definition = assetOf("workflow", "test", { workflow: "test", steps: [] });
  const releaseWith = (text: string) =>
    bundle.releases.publish({ workflow: "test", version: release.version, definition, assets: assets(text) });
  const [before, after] = [await releaseWith("one"), await releaseWith("two")];
  await runBatch(bundle, { release: before, rows: [] });
  await assert.rejects(runBatch(bundle, { release: after, rows: [] }), (error: Error) => {
    assert.match(
      error.message,
      new RegExp(`release ${before.digest.slice(0, 12)} .* is ${after.digest.slice(0, 12)} now`),
    );
    return true;
  });
});

test("a row that is malformed, or whose input does not fit, is refused by number; the others run", async () => {
  const bundle = setup();
  const rows: BatchInput[] = [
    { row: 0, input: { n: 0 } },
    { row: 1, problem: "line 2 is not JSON" },
    { row: 2, input: { n: "two" } },
    { row: 3, input: { n: 3 } },
  ];
  const { runs, refused, batch } = await runBatch(bundle, { rows });
  assert.deepEqual(statusesOf(runs), ["0 completed", "3 completed"]);
  assert.deepEqual(
    refused.map(({ row }) => row),
    [1, 2],
  );
  assert.equal(refused[0]?.problem, "line 2 is not JSON");
  assert.match(refused[1]?.problem ?? "", /The input does not fit workflow test/);
  assert.equal(bundle.control.batch(batch.id)?.status, "completed");
});

test("a batch ends when its runs wait, are paused or have failed, and each is told so", async () => {
  const bundle = setup();
  bundle.world.on("work", ({ data }) => {
    if (data !== 0) throw new TypeError("broken");
    return { result: { value: data } };
  });
  const waiting = [call("work", "work", "{{ input.n }}"), step("gate", "wait", { event: "go" })];
  const release = await publish(bundle, document(waiting));
  const { runs, batch } = await runBatch(bundle, { release, rows: rowsOf(2) });
  assert.deepEqual(statusesOf(runs), ["0 waiting", "1 paused"]);
  const [, completed] = await bundle.journal.read(`batch/${batch.id}`);
  assert.deepEqual(completed?.data?.counts, { waiting: 1, paused: 1 });
});

test("aborting starts no more rows, touches no run, and leaves the batch to be taken up", async () => {
  const bundle = setup();
  const stop = new AbortController();
  bundle.world.on("work", ({ data }) => {
    if (data === 4) stop.abort();
    return { result: { value: data } };
  });
  const { runs, batch } = await runBatch(bundle, { signal: stop.signal, concurrency: 1 });
  assert.deepEqual(
    statusesOf(runs),
    [0, 1, 2, 3, 4].map((row) => `${row} completed`),
  );
  assert.equal(bundle.control.batch(batch.id)?.status, "running");
  const again = await runBatch(bundle);
  assert.deepEqual([again.done, again.runs.length], [5, 10]);
  assert.equal(bundle.control.batch(batch.id)?.status, "completed");
});

test("what is known of a row goes into its run", async () => {
  const bundle = setup();
  const rows: BatchInput[] = [{ row: 0, input: { n: 1 }, expected: "refund", tags: { tenant: "t" } }];
  const { runs } = await runBatch(bundle, { rows });
  const [started] = await bundle.journal.read(`run/${runs[0]?.run}`);
  const { expected, tags, row } = started?.data ?? {};
  assert.deepEqual([expected, tags, row], ["refund", { tenant: "t" }, 0]);
});

test("the same batch asked for twice at once runs each row once", async () => {
  const bundle = setup();
  const [first, second] = await Promise.all([runBatch(bundle), runBatch(bundle)]);
  assert.deepEqual([first.runs.length, second.runs.length, first.batch.id], [10, 10, second.batch.id]);
  assert.deepEqual([first.isNew, second.isNew].sort(), [false, true]);
  assert.equal(bundle.world.calls.length, 10);
});
