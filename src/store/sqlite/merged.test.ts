import assert from "node:assert/strict";
import { test } from "node:test";
import type { CostRow, RunRow } from "../../core/executor/index.ts";
import type { StoredChange } from "../../core/registry/index.ts";
import { mergedChanges } from "./merged.ts";

const row: RunRow = {
  id: "r1",
  workflow: "w",
  version: "1",
  release: "d",
  status: "running",
  startedAt: 1,
  updatedAt: 1,
  endedAt: null,
  batch: null,
  batchRow: null,
  parent: null,
  tags: "{}",
  error: null,
  waitingFor: null,
  waitingKey: null,
  waitingSince: null,
  deadline: null,
  dueAt: null,
  lane: "w",
  rank: 1,
  expiresAt: null,
  erased: 0,
  shadowOf: null,
  costUsd: null,
};
const cost: CostRow = {
  id: "c1",
  day: "2026-01-01",
  workflow: "w",
  tenant: "",
  feature: "",
  model: "p/m",
  calls: 1,
  unpriced: 0,
  nanoUsd: 5,
  input: 10,
  cached: 0,
  cacheWrite: 0,
  output: 3,
  reasoning: 1,
};
const put = (id: string): StoredChange => ({ table: "runs", put: { ...row, id } });
const end = (id: string): StoredChange => ({
  table: "runs",
  update: id,
  at: 9,
  set: { status: "completed", endedAt: 9 },
});
const remove = (id: string): StoredChange => ({ table: "runs", remove: id });
const add = (id: string): StoredChange => ({ table: "costs", add: { ...cost, id } });

test("a run that begins and ends in one commit has one change, at the place of its beginning", () => {
  const ended = { table: "runs", put: { ...row, status: "completed", endedAt: 9, updatedAt: 9 } };
  assert.deepEqual(mergedChanges([put("r1"), put("r2"), end("r1")]), [ended, put("r2")]);
  assert.deepEqual(mergedChanges([end("r1"), end("r1")]), [end("r1"), end("r1")]);
});

test("what was removed in between is not brought back", () => {
  const changes = [put("r1"), remove("r1"), end("r1"), put("r1")];
  assert.deepEqual(mergedChanges(changes), changes);
});

test("costs of the same sum are added up before, and not over a day that is forgotten", () => {
  const two = { ...cost, calls: 2, nanoUsd: 10, input: 20, output: 6, reasoning: 2 };
  assert.deepEqual(mergedChanges([add("c1"), add("c2"), add("c1")]), [
    { table: "costs", add: two },
    add("c2"),
  ]);
  const forgotten: StoredChange[] = [add("c1"), { table: "costs", forget: { day: cost.day } }, add("c1")];
  assert.deepEqual(mergedChanges(forgotten), forgotten);
});
