import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Random, seededRandom } from "../core/base/index.ts";
import {
  type AlertRow,
  type BatchRow,
  type ControlChange,
  type ControlStore,
  costDimensions,
  type DeliveryRow,
  type ReviewRow,
  type RunRow,
  type RunStatus,
} from "../core/executor/index.ts";
import type { RegistryChange, RegistryStore } from "../core/registry/index.ts";
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
    tags: pick(random, ['{"tenant":"é"}', '{"tenant":"a","note":"\\"tenant\\":\\"é\\" 100%_"}']),
    error: status === "failed" ? '{"code":"X"}' : null,
    waitingFor: status === "waiting" ? pick(random, ["time", "limit", "switch"]) : null,
    waitingKey: status === "waiting" ? pick(random, ["k", "l"]) : null,
    waitingSince: null,
    deadline: null,
    dueAt: status === "waiting" ? 5_000 + Math.floor(random.next() * 30) : null,
    lane: pick(random, ["w", '["w",["x",1,0]]']),
    rank: 1_000 + Math.floor(random.next() * 20),
    expiresAt: pick(random, [null, 5_010]),
    erased: isEnded ? pick(random, [-1, 0, 1]) : 0,
    shadowOf: pick(random, [null, null, "run-001"]),
    costUsd: isEnded ? pick(random, [0, 0.01, 0.02]) : null,
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
    decidedAt: 3_000 + n,
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
  for (const name of ["past", "r", "s", "r"])
    list.push({ table: "rates", put: { name, moment: list.length + 0.25 } });
  list.push({ table: "rates", removeUntil: list.length - 4 + 0.25 });
  for (const [id, reason] of [
    ["tool/x", null],
    ["all", "why"],
    ["tool/y", null],
  ] as const)
    list.push({ table: "switches", put: { id, mode: "drain", by: "local", reason, since: 3 } });
  list.push({ table: "switches", remove: "tool/y" });
  list.push(...spendingChanges(random), ...alertChanges(random));
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

/** Every sort of change of the registry's tables, with rows that meet and rows that miss each other. */
function registryChanges(): RegistryChange[] {
  const random = seededRandom("registry");
  const list: RegistryChange[] = [];
  for (const [id, filesDigest] of [
    ["prompt/b", null],
    ["prompt/a", "d1"],
  ] as const)
    list.push({ table: "lines", put: { id, kind: "prompt", name: id.slice(7), filesDigest, updatedAt: 1 } });
  for (const [n, digest] of ["d3", "d1", "d2"].entries()) {
    const version = { line: "prompt/a", digest, source: "api" as const, author: "ann", message: null };
    list.push({
      table: "versions",
      put: { id: `prompt/a/${digest}`, ...version, addedAt: Math.floor(n / 2) },
    });
  }
  for (const [label, digest] of [
    ["production", "d1"],
    ["own", "d1"],
    ["production", "d2"],
  ] as const) {
    const put = {
      id: `prompt/a/${label}`,
      line: "prompt/a",
      label,
      digest,
      movedBy: "ann",
      movedAt: 3,
      rollout: null,
    };
    list.push({ table: "labels", put });
  }
  for (const approver of ["bob", "ann", "eve"]) {
    const approval = { line: "prompt/a", label: "production", digest: "d1", approver, verified: false };
    list.push({ table: "approvals", put: { id: `x/${approver}`, ...approval, approvedAt: 4 } });
  }
  for (const id of ["r1", "r2", "r3"]) {
    const digests = {
      fromDigest: "d1",
      toDigest: "d2",
      mode: "canary" as const,
      share: 0.125,
      key: id === "r1" ? "k" : null,
    };
    const ended = { guards: "[]", status: "running" as const, startedBy: "ann", endedAt: null, reason: null };
    list.push({
      table: "rollouts",
      put: { id, line: id === "r3" ? "prompt/b" : "prompt/a", ...digests, ...ended, startedAt: 5 },
    });
  }
  for (let n = 0; n < 40; n++) {
    const [run, rollout] = [`run-${n}`, pick(random, ["r1", "r2"])];
    const status = pick(random, [null, "completed", "failed", "paused", "expired"]);
    const endedAt = status === null || status === "paused" ? null : 100 + Math.floor(random.next() * 20);
    const costUsd = endedAt === null ? null : pick(random, [0.25, 0.5]);
    const arm = pick(random, ["from", "to"] as const);
    list.push({
      table: "arms",
      put: { id: `${run}/${rollout}`, run, rollout, arm, startedAt: 50, status, endedAt, costUsd },
    });
    const score = {
      step: n % 2 === 0 ? null : "s",
      name: pick(random, ["right", "nice"]),
      value: pick(random, [0.5, 1]),
    };
    const put = {
      id: `${run}/1`,
      run,
      ...score,
      source: "user" as const,
      scoredBy: "ann",
      comment: null,
      scoredAt: n,
    };
    list.push({ table: "scores", put });
  }
  list.push({ table: "lines", update: "prompt/a", set: { filesDigest: "d2", updatedAt: 8 } });
  list.push({ table: "rollouts", update: "r2", set: { status: "rolled_back", endedAt: 9, reason: "why" } });
  list.push({ table: "rollouts", update: "nothing", set: { share: 1 } });
  list.push({ table: "arms", update: "run-0/r1", set: { status: "failed", endedAt: 120, costUsd: 0.5 } });
  list.push({ table: "labels", remove: "prompt/a/own" }, { table: "approvals", remove: "x/eve" });
  list.push({ table: "arms", removeRun: "run-3" }, { table: "scores", removeRun: "run-3" });
  return list;
}

/** Every question that a registry is asked. */
function registryAnswers(store: RegistryStore) {
  const armsOf = (rollout: string) => ({
    totals: store.armTotals(rollout),
    latencies: (["from", "to"] as const).map((arm) => store.armLatencies(rollout, arm, 4)),
    paused: store.armPaused(rollout),
    scores: store.armScores(rollout),
  });
  return {
    line: [store.line("prompt/a"), store.line("nothing")],
    lines: store.lines(),
    versions: [store.versions("prompt/a"), store.version("prompt/a", "d2"), store.version("prompt/a", "d9")],
    labels: store.labels(),
    approvals: [store.approvals("prompt/a"), store.approvals("prompt/b")],
    rollout: [store.rollout("r1"), store.rollout("nothing")],
    rollouts: [
      store.rollouts({}),
      store.rollouts({ status: "running" }),
      store.rollouts({ line: "prompt/b" }),
      store.rollouts({ status: "rolled_back", line: "prompt/b" }),
    ],
    arms: [store.armsOf("run-1"), store.armsOf("run-3"), armsOf("r1"), armsOf("r2")],
    runScores: [store.scores("run-1"), store.scores("run-3")],
  };
}

/** Alerts, and what was sent of each to two receivers. */
function alertChanges(random: Random): ControlChange[] {
  const list: ControlChange[] = [];
  for (let n = 10; n < 40; n++) {
    const [id, isOpen] = [`alert-${n}`, random.next() < 0.5];
    const put: AlertRow = {
      id,
      kind: pick(random, ["budget", "target"]),
      cause: pick(random, ["a", "b"]),
      workflow: pick(random, [null, "w"]),
      message: "m",
      facts: "{}",
      status: "open",
      raisedAt: 1_000 + n,
      clearedAt: null,
    };
    list.push({ table: "alerts", put });
    if (!isOpen) list.push({ table: "alerts", update: id, set: { status: "cleared", clearedAt: 2_000 } });
    for (const [moment, receiver] of [
      ["raised", "x"],
      ["raised", "y"],
      ["cleared", "x"],
    ] as const) {
      const delivery = { id: `${id}/${moment}/${receiver}`, alert: id, moment, receiver };
      const times = { dueAt: 1_000 + Math.floor(random.next() * 50), updatedAt: 1_000 };
      const row: DeliveryRow = { ...delivery, ...times, status: "pending", attempts: 0, error: null };
      list.push({ table: "deliveries", put: row });
      const status = pick(random, ["pending", "delivered", "given_up"] as const);
      list.push({ table: "deliveries", update: row.id, set: { status, attempts: 1 } });
    }
  }
  return list;
}

function spendingChanges(random: Random): ControlChange[] {
  const list: ControlChange[] = [];
  for (const id of ["b", "a", "b"])
    list.push({ table: "budgets", put: { id, definition: `{"n":${list.length}}`, declaredAt: list.length } });
  list.push({ table: "budgets", remove: "a" });
  for (let n = 0; n < 60; n++) {
    const [period, key] = [pick(random, ["2026-11-25", "2026-11-26"]), pick(random, ["é", "", "t"])];
    const use = { id: `b/${period}/${key}`, budget: "b", period, key };
    const taken = { reserved: n - 20, spent: 2 ** 40 + n, alerted: random.next(), exceeded: n % 2 };
    list.push({ table: "uses", add: { ...use, ...taken } });
  }
  for (let n = 0; n < 5; n++) {
    const row = { budget: "b", period: "p", key: "k", amount: n, run: "r", path: "p", at: n };
    list.push({ table: "reservations", put: { id: `b/${n}`, unit: "usd", ...row } });
  }
  list.push({ table: "reservations", remove: "b/3" }, { table: "uses", remove: "nothing" });
  for (let n = 0; n < 60; n++) {
    const [day, tenant] = [`2026-11-0${1 + (n % 5)}`, pick(random, ["", "a", "b"])];
    const of = { day, workflow: pick(random, ["w", "v"]), tenant, feature: "f", model: "m" };
    const tokens = { input: n, cached: 1, cacheWrite: 2, output: 3, reasoning: 4 };
    const add = { calls: 1, unpriced: n % 2, nanoUsd: 2 ** 45 + n, ...tokens };
    list.push({ table: "costs", add: { id: JSON.stringify([day, of.workflow, tenant]), ...of, ...add } });
  }
  const settled = { budget: "b", key: "", reserved: 0, spent: 1, alerted: 0, exceeded: 0 };
  for (const period of ["2026-10", "2026-11"])
    list.push({ table: "uses", add: { id: `b/${period}/`, period, ...settled } });
  list.push({ table: "uses", forget: { budget: "b", period: "2026-10" } });
  list.push({ table: "costs", forget: { day: "2026-11-03" } });
  return list;
}

const none = { lanes: [], workflows: [] };

/** Every question that a control store is asked, with answers as plain data. */
function answers(store: ControlStore & { readonly registry: RegistryStore }): Record<string, unknown> {
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
      pages({ withShadows: true }),
      pages({ fromMs: 1_005, toMs: 1_010 }),
    ],
    searches: [
      { tags: { tenant: "é" } },
      { tags: { tenant: "a" }, costMinUsd: 0.01, costMaxUsd: 0.01 },
      { text: "RUN-01" },
      { text: "0%_" },
      { text: "%" },
      { text: '"x"' },
      { costMinUsd: 0.02 },
    ].flatMap((search) =>
      [10, 100].map((runsMax) => {
        const filter = { among: { ...search, runsMax }, limit: 100 };
        return [store.runs(filter).map(({ id }) => id), store.search(filter).searchedTo];
      }),
    ),
    figures: [5, 100].map((limit) => {
      const filter = { workflow: "w", fromMs: 1_002, toMs: 1_018, limit };
      return [store.runFigures(filter), store.decisionTimes(filter)];
    }),
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
    alerts: [
      {},
      { status: "open" as const },
      { status: "cleared" as const, kind: "budget" },
      { workflow: "w", before: "alert-30" },
    ].map((filter) => store.alerts.alerts({ ...filter, limit: 7 }).map(({ id }) => id)),
    alert: [store.alerts.alert("alert-11"), store.alerts.alert("nothing")],
    raised: [0, 1_020].map((from) => store.alerts.raised("a", from)),
    deliveries: store.alerts.deliveries("alert-11"),
    dueDeliveries: [1_010, 9_999].map((now) => store.alerts.dueDeliveries(now, 50).map(({ dueAt }) => dueAt)),
    dueDeliveryIds: store.alerts
      .dueDeliveries(9_999, 1_000)
      .map(({ id }) => id)
      .toSorted(),
    standing: [0, 5_015, 9_999].map((at) => store.standing(at)),
    taken: ["2026-11-25", "nothing"].map((period) => store.spending.taken({ budget: "b", period })),
    registry: registryAnswers(store.registry),
    budgets: store.spending.budgets(),
    reservations: store.spending.reservations(),
    uses: [store.spending.use("b/2026-11-25/t"), store.spending.use("nothing")],
    usesAfter: ["", "b/2026-11-25/", "b/2026-11-25/t"].map((after) =>
      store.spending.uses({ budget: "b", period: "2026-11-25", after, limit: 2 }),
    ),
    settledPeriods: store.spending.settledPeriods(),
    days: store.spending.days(),
    costs: costDimensions.map((by) =>
      store.spending.costs({ by, from: "2026-11-02", to: "2026-11-04", limit: 2 }),
    ),
  };
  return JSON.parse(JSON.stringify(told, (_, entry) => (entry === undefined ? "undefined" : entry)));
}

test("control tables in memory and in SQLite answer alike", () => {
  const memory = new MemoryControlStore();
  const all = [...changes(), ...registryChanges()];
  for (const change of all) memory.apply(change);
  new SqliteJournalStorage(owned, folder).commit([], all, { erased: [], streams: [], pruned: [] });
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
