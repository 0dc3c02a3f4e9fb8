import assert from "node:assert/strict";
import { test } from "node:test";
import { cases } from "../workload.ts";
import { chart } from "./chart.ts";
import type { Outcome } from "./outcome.ts";
import { latencyTable, page, settingsTable, short, speedTable } from "./report.ts";
import { callsIn, descendants } from "./syncs.ts";

/** What a peer of that speed would give in every case. */
function outcome(id: string, stepsPerSecond: number): Outcome {
  const figures = cases.map((what) => ({ ...what, runs: 1_000, stepsPerSecond, p50Ms: 1.25, p99Ms: 12.5 }));
  const introduction = { name: id.toUpperCase(), version: "1.2.3", settings: "durable | at once" };
  return {
    id,
    syncMs: 0.42,
    introduction,
    inEffect: "fsync=on",
    figures,
    syncsPerRun: { alone: 11, among32: 0.6 },
  };
}

const flyball = outcome("flyball", 40_000);
const slow = outcome("slow", 1_234);
const broken: Outcome = {
  id: "broken",
  syncMs: 0.42,
  figures: slow.figures.slice(0, 2),
  failure: "it ended\n  with code 1",
};
const outcomes = [flyball, slow, broken];

test("speeds are told with their ratio to Flyball's, and what is missing is said", () => {
  const [head, rule, first, second, third, ...rest] = speedTable(outcomes).split("\n");
  assert.match(head ?? "", /^\| {2}\| 1 step, 1 at once \| 10 steps, 1 at once \| 1 step, 32 at once \|/);
  assert.equal(rule, "| --- | --- | --- | --- | --- | --- | --- |");
  assert.match(first ?? "", /^\| FLYBALL \| 40,000 \(1\.0\) \|/);
  assert.match(second ?? "", /^\| SLOW \| 1,234 \(0\.031\) \|/);
  assert.match(third ?? "", /^\| broken \| 1,234 \(0\.031\) \| 1,234 \(0\.031\) \| not measured \|/);
  assert.deepEqual(rest, []);
});

test("without Flyball there is no ratio", () => {
  assert.match(speedTable([slow]), /\| SLOW \| 1,234 \| 1,234 \|/);
});

test("latency is that of a run alone", () => {
  const lines = latencyTable(outcomes).split("\n");
  assert.equal(lines[0], "|  | 1 step, p50 | 1 step, p99 | 10 steps, p50 | 10 steps, p99 |");
  assert.equal(lines[2], "| FLYBALL | 1.3 ms | 13 ms | 1.3 ms | 13 ms |");
});

test("a cell is one line, and a bar in it does not end it", () => {
  const line = settingsTable(outcomes).split("\n")[2];
  assert.equal(
    line,
    "| FLYBALL | 1.2.3 | durable \\| at once | fsync=on | 11 alone, 0.6 at 32 at once | 0.42 ms |",
  );
});

test("syncs that were not counted are not shown as none", () => {
  const unknown = { ...flyball, syncsPerRun: { unknown: "spawn strace ENOENT" } };
  assert.match(settingsTable([unknown]), /\| not counted: spawn strace ENOENT \| 0\.42 ms \|$/);
  assert.match(settingsTable([broken]), /\| not counted \| 0\.42 ms \|$/);
});

test("the page names every failure with its reason", () => {
  const setting = { on: "a machine", seconds: 5, date: "2026-11-25" };
  assert.match(page(outcomes, setting), /\n- broken: it ended with code 1\n$/);
  assert.doesNotMatch(page([flyball, slow], setting), /Not measured/);
});

test("numbers keep two digits that say something", () => {
  assert.deepEqual([40_000, 12.4, 1.25, 0.0312, 0.5, 0].map(short), [
    "40,000",
    "12",
    "1.3",
    "0.031",
    "0.5",
    "0",
  ]);
});

test("the chart is well-formed, begins at zero, and has a bar for each figure", () => {
  const svg = chart(outcomes);
  const opened = [...svg.matchAll(/<(svg|text|title|style)\b/g)].map(([, name]) => name).sort();
  const closed = [...svg.matchAll(/<\/(\w+)>/g)].map(([, name]) => name).sort();
  assert.deepEqual(opened, closed);
  const widths = [...svg.matchAll(/class="(?:ours|bar)" .*?width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );
  assert.equal(widths.length, 2 * 3 + 1, "three panels of two systems, and one figure of the broken one");
  assert.ok(Math.abs((widths[1] ?? 0) / (widths[0] ?? 1) - 1_234 / 40_000) < 0.001, JSON.stringify(widths));
  assert.match(svg, /prefers-color-scheme: dark/);
});

test("the chart shows text as text", () => {
  const svg = chart([{ id: "<a & b>", syncMs: 0.42, figures: [] }]);
  assert.match(svg, />&lt;a &amp; b&gt;</);
});

test("syncs are read from strace's table, with and without errors", () => {
  const summary = [
    "% time     seconds  usecs/call     calls    errors syscall",
    "------ ----------- ----------- --------- --------- ----------------",
    " 60.00    0.018927          86       220           fsync",
    " 40.00    0.010000          86        15         2 fdatasync",
    "------ ----------- ----------- --------- --------- ----------------",
    "100.00    0.018927          86       235         2 total",
  ];
  assert.equal(callsIn(summary.join("\n")), 235);
  assert.equal(callsIn(""), 0);
});

test("everything below a process is its own, and nothing else", () => {
  const parentOf = new Map([
    [2, 1],
    [3, 1],
    [4, 3],
    [5, 4],
    [6, 2],
  ]);
  assert.deepEqual([...descendants(3, parentOf)], [4, 5]);
  assert.deepEqual([...descendants(1, parentOf)].sort(), [2, 3, 4, 5, 6]);
  assert.deepEqual([...descendants(9, parentOf)], []);
});
