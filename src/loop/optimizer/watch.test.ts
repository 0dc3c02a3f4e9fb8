import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation } from "./observations.ts";
import type { Bars } from "./proposals.ts";
import { Watch } from "./watch.ts";

const bars: Bars = {
  accuracyMin: 0.9,
  provenAccuracyMin: 0.85,
  errorRateMax: 0.1,
  costMeanMaxUsd: 0.01,
  timeToResultP50MaxMs: 1_000,
};

const fine: Observation = {
  run: "r",
  startedAt: 0,
  status: "completed",
  hasEnded: true,
  costUsd: 0.008,
  tookMs: 900,
  steps: [],
  reviews: [],
  isRight: true,
};

/** After a hundred good runs and as many of these as it takes: why it is to be taken back. */
function until(bad: Partial<Observation>, outcome: number | null = 1) {
  const watch = new Watch("release", bars);
  for (let run = 0; run < 100; run++) watch.add({ observation: fine, outcome: 1 });
  for (let run = 0; run < 100; run++) {
    const { breach } = watch;
    if (breach !== undefined) return breach;
    watch.add({ observation: { ...fine, ...bad }, outcome });
  }
  return undefined;
}

test("each bar takes a promoted version back, and says what was seen", () => {
  assert.equal(until({}), undefined);
  assert.equal(until({}, null), undefined, "what nobody knows is no evidence");
  const reasons = [
    until({}, 0),
    until({ status: "paused" }, null),
    until({ costUsd: 0.05 }),
    until({ tookMs: 2_000 }),
  ].map((broken) => broken?.replace(/\d+ of the latest/, "N of the latest"));
  assert.deepEqual(reasons, [
    "after its promotion, N of the latest 20 were right: below 90%",
    "after its promotion, N of the latest 20 failed: above 10%",
    "after its promotion, the latest 20 cost $0.0227 each: above $0.01",
    "after its promotion, N of the latest 20 took longer than 1.0 s",
  ]);
});
