import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../base/index.ts";
import { type Measure, RunTimes } from "./times.ts";

function told(...events: readonly [type: string, at: number, data?: JsonObject][]) {
  const [first, ...others] = events.map(([type, at, data = {}]) => ({ type, at, data }));
  const measures: Measure[] = [];
  const times = new RunTimes(first ?? { type: "", at: 0, data: null });
  for (const event of others) times.hear(event, (measure) => measures.push(measure));
  return measures.map(({ kind, part, ms }) => `${kind ?? "run"} ${part} ${ms}`);
}

test("a run's queue, work, people and other waits stand apart and add up", () => {
  const measures = told(
    ["run.started", 1_000, { workflow: "w", queued: true }],
    ["run.admitted", 1_100],
    ["run.suspended", 1_150, { waiting: { for: "review" } }],
    ["run.woken", 2_150],
    ["run.suspended", 2_160, { waiting: { for: "time" } }],
    ["run.woken", 2_460],
    ["run.suspended", 2_470, { waiting: { for: "limit" } }],
    ["run.woken", 2_480],
    ["run.paused", 2_490, { reason: "failed" }],
    ["run.resumed", 2_590],
    ["run.completed", 2_600],
  );
  assert.deepEqual(measures, [
    "run total 1600",
    "run service 90",
    "run queue 110",
    "run person 1100",
    "run wait 300",
  ]);
});

test("a step is work until it waits; what another run has done is not told again", () => {
  const measures = told(
    ["run.started", 0, { workflow: "w" }],
    ["step.completed", 20, { path: "a", kind: "transform", startedAt: 5 }],
    ["step.completed", 20, { path: "b", kind: "transform", startedAt: 5, copied: true }],
    ["step.waited", 30, { path: "ask", kind: "human_review", startedAt: 25, wait: { for: "review" } }],
    ["step.completed", 530, { path: "ask", kind: "human_review", startedAt: 25 }],
    ["step.failed", 540, { path: "c", kind: "tool", startedAt: 531 }],
  );
  assert.deepEqual(measures, [
    "transform service 15",
    "human_review service 5",
    "human_review person 500",
    "tool service 9",
  ]);
});

test("a run that was recorded at its end counts from its beginning", () => {
  assert.deepEqual(told(["run.started", 500, { workflow: "w", beganAt: 100 }], ["run.completed", 500]), [
    "run total 400",
    "run service 400",
  ]);
});
