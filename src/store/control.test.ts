import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Random, seededRandom } from "../core/base/index.ts";
import type {
  BatchRow,
  ControlChange,
  ControlStore,
  ReviewRow,
  RunRow,
  RunStatus,
} from "../core/executor/index.ts";
import { MemoryControlStore } from "./memory/index.ts";
import { openOwned, SqliteControlStore, SqliteJournalStorage } from "./sqlite/index.ts";

// The control tables in memory and in SQLite are told the same and asked the same.

const folder = mkdtempSync(join(tmpdir(), "flyball-control-"));
const owned = openOwned(folder);
after(() => {
  owned.close();
  rmSync(folder, { recursive: true, force: true });
});

const statuses: readonly RunStatus[] = ["running", "waiting", "paused", "completed", "failed"];

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random.next() * list.length)] as T;
}

function runRow(n: number, random: Random): RunRow {
  const status = pick(random, statuses);
  const isEnded = status === "completed" || status === "failed";
  return {
    id: `run-${String(n).padStart(3, "0")}`,
    workflow: pick(random, ["w", "v"]),
    version: "v1",
    release: "r1",
    status,
    startedAt: 1_000 + Math.floor(random.next() * 20),
    updatedAt: 2_000,
    endedAt: isEnded ? 3_000 + n : null,
    batch: pick(random, [null, "b1", "b2"]),
    batchRow: n,
    parent: pick(random, [null, "run-001", "run-002", "run-009"]),
    tags: '{"tenant":"é"}',
    error: status === "failed" ? '{"code":"X"}' : null,
    waitingFor: status === "waiting" ? pick(random, ["time", "limit", "switch"]) : null,
    waitingKey: status === "waiting" ? pick(random, ["k", "l"]) : null,
    waitingSince: null,
    deadline: null,
    dueAt: status === "waiting" ? 5_000 + Math.floor(random.next() * 30) : null,
    lane: pick(random, ["w", '["w",["x",1,0]]']),
    rank: 1_000 + Math.floor(random.next() * 20),
    expiresAt: pick(random, [null, 5_010]),
    erased: isEnded ? pick(random, [0, 1]) : 0,
    shadowOf: pick(random, [null, null, "run-001"]),
  };
}

function reviewRow(n: number, random: Random): ReviewRow {
  return {
    id: `review-${n}`,
    run: `run-${String(n % 10).padStart(3, "0")}`,
    path: `items[${n}].ask`,
    workflow: "w",
    status: pick(random, ["open", "decided", "withdrawn"] as const),
    assignee: pick(random, [null, "support"]),
    requestedAt: 1_000 + Math.floor(random.next() * 5),
    deadline: null,
    escalated: random.next() < 0.5,
    decidedAt: null,
  };
}

function batchRow(n: number): BatchRow {
  const names = { workflow: "w", inputDigest: "d", name: n % 2 === 0 ? "" : "named" };
  return {
    id: `b${n}`,
    ...names,
    generation: n,
    version: "v",
    release: "r",
    rows: 3,
    status: "running",
    startedAt: n,
  };
}

function changes(): ControlChange[] {
  const random = seededRandom("control");
  const list: ControlChange[] = [];
  for (let n = 0; n < 60; n++) list.push({ table: "runs", put: runRow(n, random) });
  for (let n = 0; n < 30; n++) list.push({ table: "reviews", put: reviewRow(n, random) });
  for (let n = 1; n < 6; n++) list.push({ table: "batches", put: batchRow(n) });
  for (let n = 0; n < 20; n++) {
    const command = { kind: "signal", event: "go", data: { text: "\u0000 \ud83d\ude00", n } } as const;
    list.push({
      table: "inbox",
      put: { id: `c${n}`, position: 100 - n, run: `run-${String(n % 4).padStart(3, "0")}`, command },
    });
  }
  list.push({ table: "assets", put: { digest: "a", kind: "prompt", name: "first", at: 1 } });
  list.push({ table: "assets", put: { digest: "a", kind: "prompt", name: "second", at: 2 } });
  for (const name of ["r", "s", "r"])
    list.push({ table: "rates", put: { name, moment: list.length + 0.25 } });
  for (const [id, reason] of [
    ["tool/x", null],
    ["all", "why"],
    ["tool/y", null],
  ] as const)
    list.push({ table: "switches", put: { id, mode: "drain", by: "local", reason, since: 3 } });
  list.push({ table: "switches", remove: "tool/y" });
  for (const table of ["inbox", "runs", "reviews"] as const)
    for (const id of ["c3", "run-020", "review-5", "nothing"]) list.push({ table, remove: id });
  list.push({
    table: "runs",
    update: "run-001",
    at: 9_000,
    set: { status: "waiting", dueAt: 5_001, waitingFor: "event" },
  });
  list.push({ table: "runs", update: "run-002", at: 9_001, set: { erased: 1 } });
  list.push({ table: "runs", update: "nothing", at: 9_001, set: { erased: 1 } });
  list.push({ table: "reviews", update: "review-1", set: { escalated: true } });
  list.push({ table: "batches", update: "b1", set: { status: "completed" } });
  return list;
}

const none = { lanes: [], workflows: [] };

/** Every question that a control store is asked, with answers as plain data. */
function answers(store: ControlStore): Record<string, unknown> {
  const pages = (filter: object): string[][] => {
    const found: string[][] = [];
    for (let before: string | undefined; ; ) {
      const page = store.runs({ ...filter, ...(before ? { before } : {}), limit: 7 });
      if (page.length === 0) return found;
      found.push(page.map(({ id }) => id));
      before = page.at(-1)?.id;
    }
  };
  const reviewPages = (): string[][] => {
    const first = store.reviews({ status: "open", limit: 4 });
    const last = first.at(-1);
    return [first, last ? store.reviews({ status: "open", after: last.id, limit: 4 }) : []].map((page) =>
      page.map(({ id }) => id),
    );
  };
  const told = {
    dump: store.dump(),
    run: [store.run("run-001"), store.run("nothing")],
    pages: [
      pages({}),
      pages({ workflow: "w" }),
      pages({ status: "failed" }),
      pages({ batch: "b1", workflow: "v" }),
    ],
    running: store.runningRuns().toSorted(),
    wakeable: [0, 5_000, 5_015, 9_999].map((now) => store.wakeable(now, 1_000, none).toSorted()),
    wakeableExcept: [
      { lanes: ["w"], workflows: [] },
      { lanes: [], workflows: ["v"] },
      { lanes: [], workflows: "all" as const },
    ].map((except) => store.wakeable(9_999, 1_000, except).toSorted()),
    someWakeable: store.wakeable(9_999, 3, none).length,
    lanes: store.queuedLanes().toSorted((a, b) => (a.lane < b.lane ? -1 : 1)),
    queued: [
      store.queuedRuns("w", null, 100),
      store.queuedRuns("w", store.queuedRuns("w", null, 2)[1] ?? null, 2),
    ],
    held: [store.waitingFor("limit", "k", 10), store.waitingFor("switch", "l", 1)],
    due: [0, 5_001, 5_015, 9_999].map((after) => store.nextDueAt(after)),
    inbox: [store.inbox("run-000"), store.inbox("run-003"), store.inbox("nothing")],
    review: [store.review("review-1"), store.review("nothing")],
    reviews: [reviewPages(), store.reviews({ run: "run-003", limit: 2 }), store.reviews({ limit: 100 })],
    batch: [store.batch("b1"), store.batch("nothing")],
    latest: [
      store.latestBatch("w", "d", ""),
      store.latestBatch("w", "d", "named"),
      store.latestBatch("w", "e", ""),
    ],
    batchRuns: store.batchRuns("b1").map(({ id }) => id),
    asset: [store.asset("a"), store.asset("nothing")],
    erasable: [store.erasable(3_030, 100), store.erasable(9_999, 5), store.erasable(0, 5)],
    prunable: [store.prunable(3_030, 100), store.prunable(9_999, 5), store.prunable(0, 5)],
    counts: store.countRuns(),
  };
  return JSON.parse(JSON.stringify(told, (_, entry) => (entry === undefined ? "undefined" : entry)));
}

test("control tables in memory and in SQLite answer alike", () => {
  const memory = new MemoryControlStore();
  for (const change of changes()) memory.apply(change);
  new SqliteJournalStorage(owned, folder).commit([], changes(), { erased: [], streams: [], pruned: [] });
  const expected = answers(memory);
  const actual = answers(new SqliteControlStore(owned.database));
  for (const [question, answer] of Object.entries(expected))
    assert.deepEqual(actual[question], answer, question);
  assert.deepEqual(
    (expected.inbox as { position: number }[][])[0]?.map(({ position }) => position),
    [84, 88, 92, 96, 100],
  );
  assert.equal((expected.asset as { name: string }[])[0]?.name, "first");
});
