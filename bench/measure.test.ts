import assert from "node:assert/strict";
import { test } from "node:test";
import { measure, quantiles } from "./measure.ts";

test("runs are so many at once, each begun when another one ends, until the time is over", async () => {
  let clockMs = 0;
  let now = 0;
  let most = 0;
  const runOnce = async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    clockMs += 100;
    now--;
  };
  const figure = await measure({ steps: 10, concurrency: 4, forMs: 1_000 }, runOnce, () => clockMs);
  // Of four at once each lasts 400 ms; those under way at the end of the second are counted, with their time.
  assert.deepEqual([most, now], [4, 0]);
  assert.deepEqual([figure.runs, figure.stepsPerSecond, figure.p50Ms], [13, 100, 400]);
});

test("a run that fails ends the measurement", async () => {
  const fail = () => Promise.reject(new Error("no"));
  await assert.rejects(measure({ steps: 1, concurrency: 2, forMs: 1_000 }, fail), /^Error: no$/);
});

test("quantiles of unsorted times, of one and of none", () => {
  const times = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);
  assert.deepEqual(quantiles(times), { p50Ms: 51, p99Ms: 100 });
  assert.deepEqual(quantiles([2.34567]), { p50Ms: 2.346, p99Ms: 2.346 });
  assert.deepEqual(quantiles([]), { p50Ms: 0, p99Ms: 0 });
});
