import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openOwned, SqliteControlStore, SqliteJournalStorage } from "../../store/sqlite/index.ts";
import { type Json, ManualClock } from "../base/index.ts";
import { memoryBlobs } from "../journal/index.ts";
import type { StepDocument } from "../workflow/index.ts";
import {
  answer,
  assertSound,
  type Bundle,
  block,
  call,
  type Disk,
  dataOf,
  document,
  ending,
  memoryDisk,
  methodsOf,
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
  World,
  watchCommits,
} from "./testing.ts";

const root = mkdtempSync(join(tmpdir(), "flyball-recovery-"));
const databases: { close(): void }[] = [];
after(() => {
  for (const database of databases) database.close();
  rmSync(root, { recursive: true, force: true });
});

function sqliteDisk(): Disk {
  const folder = mkdtempSync(join(root, "home-"));
  const owned = openOwned(folder);
  databases.push(owned);
  const control = new SqliteControlStore(owned.database);
  return { control, storage: new SqliteJournalStorage(owned, folder), blobs: memoryBlobs() };
}

// A workflow that uses everything
// ===============================

const childSteps = [
  call("work", "double", "{{ input }}"),
  step("pause", "wait", { for: "10s" }),
  value("out", "{{ work.value }}"),
];

const everything: readonly StepDocument[] = [
  value("skipped_first", 1, { if: false }),
  call("first", "echo", "{{ input.n }}"),
  call("flaky", "flaky", "{{ first.value }}"),
  step("code", "code", { do: "echo", with: "{{ flaky.value }}" }),
  block("both", "parallel", {
    steps: [
      step("ask", "ask", { draft: "{{ first.value }}", within: 3_600_000 }),
      call("b", "echo", "parallel"),
    ],
  }),
  block("items", "map", {
    over: "{{ input.list }}",
    concurrency: 2,
    onItemError: "keep",
    steps: [
      block("refine", "loop", {
        max: 3,
        until: "{{ index == 1 }}",
        steps: [call("draft", "picky", "{{ item }}.{{ index }}")],
      }),
      value("last", "{{ refine.value }}"),
    ],
  }),
  block("way", "branch", {
    arms: [
      { when: "{{ first.value > 100 }}", steps: [value("big", "big")] },
      { steps: [step("pause", "wait", { for: "20s" }), value("small", "small")] },
    ],
  }),
  step("gate", "wait", { event: "go" }),
  step("sub", "workflow", { name: "child", input: "{{ input.n }}" }),
  call("stand_in", "broken", 1, { fallback: { kind: "ask", config: { draft: "instead" } } }),
  call("pausing", "pausing", "after the pause"),
  step("tell", "emit", { event: "done", data: { n: "{{ input.n }}" } }),
  value("skipped", 1, { if: "{{ first.value > 100 }}" }),
  call("end", "echo", "end"),
];

const output: Json = {
  first: "{{ first.value }}",
  flaky: "{{ flaky.value }}",
  code: "{{ code.value }}",
  both: "{{ both.value }}",
  items: "{{ items.value }}",
  way: "{{ way.value }}",
  gate: "{{ gate.value }}",
  sub: "{{ sub.value }}",
  stand_in: "{{ stand_in.value }}",
  pausing: "{{ pausing.value }}",
  started: "{{ run.started_at }}",
};

const input = { n: 21, list: ["a", "b", "c"] };
const startMs = Date.UTC(2026, 0, 1);

const expected: Json = {
  first: 21,
  flaky: 21,
  code: 21,
  both: { ask: "answered", b: "parallel" },
  items: ["a.1", { error: { code: "UNEXPECTED", message: "not this one" } }, "c.1"],
  way: "small",
  gate: "green",
  sub: 42,
  stand_in: "answered",
  pausing: "after the pause",
  started: startMs,
};

/** The world of that workflow. It stays when the engine crashes, so its failures are by call, not by process. */
function worldOf(): World {
  return new World()
    .failing("flaky", 2)
    .failing("pausing", 1, () => new TypeError("not yet"))
    .failing("broken", 99, () => new TypeError("broken"))
    .on("double", ({ data }) => ({ result: { value: Number(data) * 2, cost: 0.5 } }))
    .on("picky", ({ data }) => {
      if (data === "b.1") throw new TypeError("not this one");
      return { result: { value: data } };
    });
}

/** A process on a disk that ends right after its n-th commit is on disk, before anyone hears of it. */
function crashing(
  disk: Disk,
  crashAfter: number,
): { readonly disk: Disk; readonly hasCrashed: () => boolean } {
  let commits = 0;
  const storage = methodsOf(disk.storage);
  storage.commit = (rows, changes, erased) => {
    if (commits >= crashAfter) throw new Outage(null);
    disk.storage.commit(rows, changes, erased);
    if (++commits === crashAfter) throw new Outage(null);
  };
  return { disk: { ...disk, storage }, hasCrashed: () => commits >= crashAfter };
}

const runId = "everything";

/** Everything that people and time do for the run until it ends; the same steps however often it is begun again. */
async function drive(bundle: Bundle, hasCrashed: () => boolean): Promise<void> {
  const { control, executor, clock } = bundle;
  const child = await publish(bundle, document(childSteps, { workflow: "child" }));
  const release = await publish(bundle, document(everything, { output }), [child]);
  await executor.start({ release, input, id: runId });
  for (let turn = 0; turn < 500; turn++) {
    await ticks(3);
    if (hasCrashed()) return;
    const row = control.run(runId);
    if (row?.endedAt) return;
    if (!executor.isIdle) {
      clock.advance(250);
      continue;
    }
    if (row?.status === "paused")
      await send(bundle, runId, { kind: "resume", by: "ann" }, `resume-${row.updatedAt}-${turn}`);
    for (const review of openReviews(bundle, runId))
      await answer(bundle, review, { decision: "correct", value: "answered", reviewer: "ann" });
    if (row?.waitingFor === "event")
      await send(bundle, runId, { kind: "signal", event: "go", data: "green" }, "go");
    await ticks(3);
    if (executor.isIdle) clock.advance(5_000);
  }
  assert.fail(`the run did not end: ${JSON.stringify(control.run(runId))}`);
}

/** Begins, crashes after the n-th commit, and lets a second process finish. */
async function crashAfter(disk: Disk, commits: number): Promise<Bundle> {
  const world = worldOf();
  const clock = new ManualClock(startMs);
  const doomed = crashing(disk, commits);
  const first = setup({ disk: doomed.disk, world, clock });
  await drive(first, doomed.hasCrashed).catch((error) => assert.ok(doomed.hasCrashed(), error));
  first.kill();
  const next = setup({ disk, world, clock: new ManualClock(clock.now()) });
  await drive(next, () => false);
  return next;
}

async function assertFinished(bundle: Bundle, what: string): Promise<void> {
  const { status, output, events } = await ending(bundle, runId);
  assert.equal(status, "completed", what);
  const { started, ...others } = output as { started: number };
  const { started: _, ...wanted } = expected as { started: number };
  assert.deepEqual(others, wanted, what);
  assert.equal(started, bundle.control.run(runId)?.startedAt, what);
  for (const stream of [
    runId,
    ...bundle.control.runs({ workflow: "child", limit: 10 }).map(({ id }) => id),
  ]) {
    const paths = pathsOf(await bundle.journal.read(`run/${stream}`), "step.completed");
    assert.equal(new Set(paths).size, paths.length, `${what}: a result twice in ${paths}`);
  }
  assert.deepEqual(pathsOf(events, "step.skipped"), ["skipped_first", "skipped"], what);
  assert.deepEqual(pathsOf(events, "step.failed"), ["items[1].refine[1].draft", "pausing"], what);
  assert.equal(bundle.control.runs({ workflow: "child", limit: 10 }).length, 1, what);
  assert.equal((await bundle.journal.read("topic/done")).length, 1, what);
  bundle.clock.advance(1_000);
  await ticks();
  assert.deepEqual([openReviews(bundle, runId), bundle.control.inbox(runId)], [[], []], what);
  assert.deepEqual(bundle.troubles, [], what);
  await assertSound(bundle);
}

/** The commits of a run that nothing disturbs. */
async function undisturbed(): Promise<number> {
  const disk = memoryDisk();
  const commits = watchCommits(disk);
  const bundle = setup({ disk, world: worldOf(), clock: new ManualClock(startMs) });
  await drive(bundle, () => false);
  await assertFinished(bundle, "undisturbed");
  return commits.length;
}

test("killed after any commit, a run that uses everything is finished by the next process (memory)", async () => {
  const commits = await undisturbed();
  assert.ok(commits > 30, `${commits} commits`);
  for (let after = 1; after <= commits; after++)
    await assertFinished(await crashAfter(memoryDisk(), after), `killed after commit ${after} of ${commits}`);
});

test("killed after any commit, a run that uses everything is finished by the next process (SQLite)", async () => {
  const commits = await undisturbed();
  for (let after = 1; after <= commits; after += 7)
    await assertFinished(await crashAfter(sqliteDisk(), after), `killed after commit ${after} of ${commits}`);
});

test("killed again and again, after every commit that it makes, it still ends", async () => {
  const disk = memoryDisk();
  const world = worldOf();
  let nowMs = startMs;
  for (let life = 0; life < 300; life++) {
    const doomed = crashing(disk, 2);
    const clock = new ManualClock(nowMs);
    const bundle = setup({ disk: doomed.disk, world, clock });
    await drive(bundle, doomed.hasCrashed).catch((error) => assert.ok(doomed.hasCrashed(), error));
    bundle.kill();
    nowMs = clock.now();
    if (disk.control.run(runId)?.endedAt) break;
  }
  const last = setup({ disk, world, clock: new ManualClock(nowMs) });
  await ticks();
  await assertFinished(last, "killed again and again");
});

// A journal that does not fit
// ===========================

/**
 * Replaces the definitions that runs have pinned, as somebody would who knows how events are hashed: with
 * an event that fits its hash. Resolves with what puts the old ones back.
 */
async function changeDefinition({ storage }: Bundle, edit: (text: string) => string): Promise<() => void> {
  const forged = setup();
  const published = storage.readAll(0, 1_000).filter(({ type }) => type === "asset.published");
  for (const { stream, actor, type, body } of published)
    if (body?.includes('"kind":"workflow"')) {
      const events = [{ type, data: JSON.parse(edit(body)) }];
      await forged.journal.append([{ stream, expectedSeq: 0, actor, events }]);
    }
  const readStream = storage.readStream.bind(storage);
  storage.readStream = (stream, afterSeq) => {
    const [instead] = forged.storage.readStream(stream, afterSeq);
    return instead ? [instead] : readStream(stream, afterSeq);
  };
  return () => {
    storage.readStream = readStream;
  };
}

test("a run whose definition was changed by hand is parked before any effect, with the reason", async () => {
  const changes: readonly (readonly [what: string, edit: (text: string) => string, reason: RegExp])[] = [
    [
      "an input",
      (text) => text.replace('"with":"one"', '"with":"two"'),
      /a does not fit: it has other inputs now/,
    ],
    [
      "a kind",
      (text) => text.replace('"id":"a","kind":"call"', '"id":"a","kind":"now"'),
      /a does not fit: it was a call and is a now now/,
    ],
    [
      "an id",
      (text) => text.replace('"id":"a"', '"id":"z"'),
      /a does not fit: the workflow does not come to it/,
    ],
    [
      "an expression",
      (text) => text.replace('"with":"one"', '"with":"{{ input.no.such }}"'),
      /a does not fit: its inputs can no longer be made/,
    ],
    [
      "the input of a waiting step",
      (text) => text.replace('"event":"go"', '"event":"stop"'),
      /gate does not fit: it has other inputs now/,
    ],
    [
      "a kind that is not there",
      (text) => text.replace('"id":"b","kind":"call"', '"id":"b","kind":"nothing"'),
      /no kind of step called `nothing`/,
    ],
  ];
  for (const [what, edit, reason] of changes) {
    const first = setup();
    const steps = [call("a", "echo", "one"), step("gate", "wait", { event: "go" }), call("b", "effect")];
    const { id, row } = await run(first, steps, { input: {} });
    await changeDefinition(first, edit);
    const bundle = restart(first);
    await send(bundle, id, { kind: "signal", event: "go", data: 1 });
    const parked = await ending(bundle, id);
    assert.equal(parked.status, "paused", what);
    const { reason: why, error } = dataOf(parked.events, "run.paused") as {
      reason: string;
      error: { message: string };
    };
    assert.equal(why, "mismatch", what);
    assert.match(error.message, reason, what);
    assert.ok(error.message.includes(row.version), what);
    assert.deepEqual([bundle.world.count("effect"), bundle.troubles], [0, []], what);

    // It stays parked however often one looks, and the signal is not lost: unchanged, the run goes on.
    bundle.clock.advance(5_000);
    await ticks();
    assert.deepEqual(typesOf((await ending(bundle, id)).events), typesOf(parked.events), what);
    await send(bundle, id, { kind: "resume", by: "ann" }, "too-early");
    await ticks();
    assert.deepEqual(
      typesOf(await bundle.journal.read(`command/${id}/too-early`)),
      ["command.received", "command.dismissed"],
      what,
    );
  }
});

test("a parked run goes on once its definition fits again", async () => {
  const first = setup();
  const { id } = await run(first, [
    call("a", "echo", "one"),
    step("gate", "wait", { event: "go" }),
    call("b", "effect", 7),
  ]);
  const putBack = await changeDefinition(first, (text) => text.replace('"with":"one"', '"with":"two"'));
  const parked = restart(first);
  await send(parked, id, { kind: "signal", event: "go", data: 1 });
  assert.equal((await ending(parked, id)).status, "paused");
  putBack();
  const bundle = restart(parked);
  await send(bundle, id, { kind: "resume", by: "ann" }, "resume");
  const { status, output } = await ending(bundle, id);
  assert.deepEqual([status, output], ["completed", 7]);
  await assertSound(bundle);
});

test("a run that cannot be loaded can be cancelled, with all that hangs on it", async () => {
  const first = setup();
  const child = await publish(
    first,
    document([step("w", "wait", { event: "never" })], { workflow: "child" }),
  );
  const steps = [
    call("a", "paid"),
    block("both", "parallel", {
      steps: [step("ask", "ask", { draft: 1 }), step("sub", "workflow", { name: "child" })],
    }),
  ];
  first.world.on("paid", () => ({ result: { value: 1, cost: 0.5 } }));
  const id = await start(first, steps, { children: [child] });
  await ticks();
  const [childRow] = first.control.runs({ workflow: "child", limit: 1 });
  await changeDefinition(first, (text) => text.replace('"do":"paid"', '"do":"other"'));
  const bundle = restart(first);
  await send(bundle, id, { kind: "cancel", by: "ann", reason: "broken" });
  await ticks(12);
  const { status, events } = await ending(bundle, id);
  assert.equal(status, "cancelled");
  assert.equal(dataOf(events, "run.cancelled").costUsd, 0.5);
  assert.deepEqual([openReviews(bundle, id), bundle.control.inbox(id)], [[], []]);
  assert.equal(bundle.control.run(childRow?.id ?? "")?.status, "cancelled");
  await assertSound(bundle);
});

test("a run that cannot be loaded and is cancelled says what it could not take back", async () => {
  const undo = { kind: "call", config: { do: "cancel" } };
  const first = setup();
  const id = await start(first, [
    call("a", "paid", 1, { undo }),
    call("b", "paid", 2, { undo }),
    step("w", "wait", { event: "go" }),
  ]);
  await first.executor.settled(id);
  await changeDefinition(first, (text) => text.replaceAll('"do":"paid"', '"do":"other"'));
  const bundle = restart(first);
  await send(bundle, id, { kind: "cancel", by: "ann", reason: null });
  await ticks(12);
  const { undone, notUndone } = dataOf((await ending(bundle, id)).events, "run.cancelled");
  assert.deepEqual(undone, []);
  assert.deepEqual(
    (notUndone as { path: string; error: { code: string } }[]).map(({ path, error }) => [path, error.code]),
    [
      ["a", "JOURNAL_MISMATCH"],
      ["b", "JOURNAL_MISMATCH"],
    ],
  );
  assert.deepEqual(bundle.control.inbox(id), []);
  await assertSound(bundle);
});

test("a run with a damaged event is parked alone, with the reason, and can be cancelled", async () => {
  const first = setup();
  const damaged = await start(first, [step("gate", "wait", { event: "go" }), call("b", "effect")]);
  const sound = await start(first, [step("gate", "wait", { event: "go" }), call("b", "effect", 7)]);
  await ticks();
  const readStream = first.storage.readStream.bind(first.storage);
  first.storage.readStream = (stream, afterSeq) =>
    readStream(stream, afterSeq).map((row) =>
      stream === `run/${damaged}` && row.type === "step.waited"
        ? { ...row, body: row.body?.replace("go", "no") ?? null }
        : row,
    );
  const bundle = restart(first);
  for (const id of [damaged, sound]) await send(bundle, id, { kind: "signal", event: "go", data: 1 }, id);
  await ticks();
  assert.deepEqual(
    [damaged, sound].map((id) => bundle.control.run(id)?.status),
    ["paused", "completed"],
  );
  const error = JSON.parse(bundle.control.run(damaged)?.error ?? "");
  assert.equal(error.code, "EVENT_DAMAGED");
  assert.match(error.message, /its content does not fit its hash/);
  assert.deepEqual([bundle.world.count("effect"), bundle.troubles], [1, []]);
  await assert.rejects(bundle.journal.read(`run/${damaged}`), { code: "EVENT_DAMAGED" });

  await send(bundle, damaged, { kind: "cancel", by: "ann", reason: "damaged" });
  await ticks();
  assert.equal(bundle.control.run(damaged)?.status, "cancelled");
});

test("a run whose release is gone is parked, and does not keep the engine busy", async () => {
  const first = setup();
  const { id } = await run(first, [step("gate", "wait", { event: "go" })]);
  const readStream = first.storage.readStream.bind(first.storage);
  first.storage.readStream = (stream, afterSeq) =>
    stream.startsWith("asset/") ? [] : readStream(stream, afterSeq);
  const bundle = restart(first);
  await send(bundle, id, { kind: "signal", event: "go", data: 1 });
  const { status, row } = await ending(bundle, id);
  assert.deepEqual([status, JSON.parse(row.error ?? "").code], ["paused", "RELEASE_MISSING"]);
  await ticks();
  assert.equal(bundle.executor.isIdle, true);
});
