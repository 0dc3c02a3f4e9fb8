import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlertRow } from "../../core/executor/index.ts";
import { holdMs, holdMsMax, openAlertsMax } from "./limits.ts";
import { type Absences, type Condition, decide } from "./state.ts";

const condition = (cause: string): Condition => ({
  kind: "paused",
  cause,
  workflow: "w",
  message: "m",
  facts: {},
});
const alert = (cause: string): AlertRow => ({
  id: `id-${cause}`,
  kind: "paused",
  cause,
  workflow: "w",
  message: "m",
  facts: "{}",
  status: "open",
  raisedAt: 0,
  clearedAt: null,
});
const none: Absences = new Map();
const causes = (rows: readonly { readonly cause: string }[]) => rows.map(({ cause }) => cause);

test("a cause is raised once, for as long as it is open", () => {
  const situation = { absences: none, raisedLately: () => 1, nowMs: 0 };
  const first = decide({ ...situation, open: [], conditions: [condition("a"), condition("b")] });
  assert.deepEqual(causes(first.raise), ["a", "b"]);
  const second = decide({ ...situation, open: [alert("a")], conditions: [condition("a"), condition("b")] });
  assert.deepEqual([causes(second.raise), causes(second.clear)], [["b"], []]);
});

test("it is cleared once its cause has been gone for a while, and a return begins that anew", () => {
  const look = (nowMs: number, absences: Absences, holds: boolean) =>
    decide({
      open: [alert("a")],
      conditions: holds ? [condition("a")] : [],
      absences,
      raisedLately: () => 1,
      nowMs,
    });
  const gone = look(1_000, none, false);
  assert.deepEqual(causes(gone.clear), []);
  assert.deepEqual(causes(look(1_000 + holdMs - 1, gone.absences, false).clear), []);
  assert.deepEqual(causes(look(1_000 + holdMs, gone.absences, false).clear), ["a"]);
  const back = look(60_000, gone.absences, true);
  assert.deepEqual(causes(look(1_000 + holdMs, back.absences, false).clear), []);
});

test("what comes and goes each minute is told a few times an hour, and not sixty", () => {
  let open: readonly AlertRow[] = [];
  let absences = none;
  const raisedAt: number[] = [];
  for (let nowMs = 0; nowMs < 3_600_000; nowMs += 15_000) {
    const holds = Math.floor(nowMs / 180_000) % 2 === 0;
    const decided = decide({
      open,
      conditions: holds ? [condition("a")] : [],
      absences,
      raisedLately: () => raisedAt.length,
      nowMs,
    });
    if (decided.raise.length > 0) raisedAt.push(nowMs);
    open = [
      ...open.filter(({ cause }) => !causes(decided.clear).includes(cause)),
      ...causes(decided.raise).map(alert),
    ];
    absences = decided.absences;
  }
  assert.ok(raisedAt.length <= 3, `it was raised ${raisedAt.length} times`);
});

test("however often it came, it is cleared after an hour; a test stays as it is", () => {
  const open = [alert("a"), { ...alert("test/1"), kind: "test" }];
  const { clear } = decide({
    open,
    conditions: [],
    absences: new Map([["a", 0]]),
    raisedLately: () => 50,
    nowMs: holdMsMax,
  });
  assert.deepEqual(causes(clear), ["a"]);
});

test("no more are open than a person could read", () => {
  const open = Array.from({ length: openAlertsMax - 1 }, (_, n) => alert(`old-${n}`));
  const conditions = [...causes(open), "new-1", "new-2"].map(condition);
  const { raise } = decide({ open, conditions, absences: none, raisedLately: () => 1, nowMs: 0 });
  assert.deepEqual(causes(raise), ["new-1"]);
});
