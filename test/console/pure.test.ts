import assert from "node:assert/strict";
import { test } from "node:test";
import { createTwoFilesPatch } from "diff";
import type { Step } from "../../src/client/index.ts";
import { formatRelative } from "../../ui/src/format.ts";
import { outcomesOf } from "../../ui/src/graph.ts";
import { type DiffRow, lineDiff, patchDiff } from "../../ui/src/line-diff.ts";
import { fieldsAt } from "../../ui/src/schema-completion.ts";
import { wayTo } from "../../ui/src/yaml-way.ts";

const shown = (row: DiffRow) => {
  if (row.type === "skipped") return `… ${row.lines}`;
  if (row.type === "same") return `${row.left}=${row.right} ${row.text}`;
  return `${row.left?.text ?? ""} → ${row.right?.text ?? ""}`;
};

test("what replaced a line stands beside it, and long stretches that are the same are one row", () => {
  const lines = Array.from({ length: 12 }, (_, index) => `line ${index + 1}`);
  const before = lines.join("\n");
  const after = lines.with(9, "tenth").toSpliced(11, 0, "more").join("\n");
  assert.deepEqual(lineDiff(before, after).map(shown), [
    "… 6",
    "7=7 line 7",
    "8=8 line 8",
    "9=9 line 9",
    "line 10 → tenth",
    "11=11 line 11",
    " → more",
    "12=13 line 12",
  ]);
  assert.deepEqual(lineDiff("a\nb", "b").map(shown), ["a → ", "2=1 b"]);
});

test("a unified diff is shown by the same rows, with the numbers of its lines", () => {
  const before = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);
  const after = before.with(9, "<b>tenth</b>").toSpliced(28, 1);
  const patch = createTwoFilesPatch("a", "a", before.join("\n"), after.join("\n"), "", "", { context: 1 });
  assert.deepEqual(patchDiff(patch).map(shown), [
    "… 8",
    "9=9 line 9",
    "line 10 → <b>tenth</b>",
    "11=11 line 11",
    "… 16",
    "28=28 line 28",
    "line 29 → ",
    "30=29 line 30",
  ]);
});

test("the keys around an unfinished line are found by its indentation", () => {
  assert.deepEqual(wayTo("workflow: x\nta"), []);
  assert.deepEqual(wayTo("targets:\n  auto"), ["targets"]);
  assert.deepEqual(wayTo("steps:\n  - id: a\n    infer"), ["steps", "*"]);
  assert.deepEqual(wayTo("steps:\n  - i"), ["steps", "*"]);
  assert.deepEqual(wayTo("steps:\n- id: a\n  infer"), ["steps", "*"]);
  assert.deepEqual(wayTo("steps:\n  - id: a\n    inference:\n      prompt: p\n      ro"), [
    "steps",
    "*",
    "inference",
  ]);
  assert.deepEqual(wayTo("steps:\n  - id: a\noutput: 1\ntar"), []);
  assert.equal(wayTo("workflow: x"), undefined, "a value, not a key");
});

test("what can stand at a place comes from all the shapes that fit the way to it", () => {
  const schema = {
    properties: { steps: { items: { $ref: "#/$defs/step" } }, targets: { description: "Set-points." } },
    $defs: {
      step: { anyOf: [{ properties: { id: {} } }, { properties: { wait: { $ref: "#/$defs/wait" } } }] },
      wait: { description: "Waits.", properties: { for: {} }, anyOf: [{ $ref: "#/$defs/wait" }] },
    },
  };
  const names = (way: readonly string[]) => fieldsAt(schema, way).map(({ name }) => name);
  assert.deepEqual(fieldsAt(schema, [])[1], { name: "targets", detail: "Set-points." });
  assert.deepEqual(names(["steps", "*"]), ["id", "wait"]);
  assert.deepEqual(names(["steps", "*", "wait"]), ["for"], "a schema may name itself");
  assert.deepEqual(names(["nothing"]), []);
});

test("items of a map are one step of the graph, which counts them and leads to the one that says most", () => {
  const step = (path: string, status: Step["status"]) => ({ path, status }) as Step;
  const outcomes = outcomesOf([
    step("first", "completed"),
    step("rows[0].read", "completed"),
    step("rows[1].read", "failed"),
    step("rows[2].read", "completed"),
  ]);
  assert.equal(outcomes.get("first")?.text, "completed");
  assert.equal(outcomes.get("rows.read")?.text, "1 failed, 2 completed");
  assert.equal(outcomes.get("rows.read")?.step.path, "rows[1].read");
});

test("what has just been is now, though the page's clock is a little behind", () => {
  const now = Date.parse("2026-01-01T12:00:00Z");
  const at = (ms: number) => formatRelative(new Date(now + ms).toISOString(), now);
  assert.deepEqual([1_000, -4_000, -6_000, -180_000, 7_200_000].map(at), [
    "now",
    "now",
    "6 sec. ago",
    "3 min. ago",
    "in 2 hr.",
  ]);
});
