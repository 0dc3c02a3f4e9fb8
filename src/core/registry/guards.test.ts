import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../base/index.ts";
import { isChosen, keyExpression, keyOf } from "./assign.ts";
import { breachOf, breachText, guardOf } from "./guards.ts";
import { latenciesMax } from "./limits.ts";
import { ArmStatistics } from "./statistics.ts";

function counted(stops: readonly [status: string, latencyMs: number, costUsd: number][]): ArmStatistics {
  const statistics = new ArmStatistics();
  for (const [n, [status, latencyMs, costUsd]] of stops.entries())
    statistics.stop({ run: `run-${n}`, status, latencyMs, costUsd });
  return statistics;
}

test("bounds are in base units, whatever they are written in", () => {
  assert.deepEqual(guardOf({ metric: "error_rate", max: "5%" }), {
    metric: "error_rate",
    max: 0.05,
    minRuns: 20,
  });
  assert.deepEqual(guardOf({ metric: "latency_p95", max: "2s", minRuns: 3 }), {
    metric: "latency_p95",
    max: 2_000,
    minRuns: 3,
  });
  assert.deepEqual(guardOf({ metric: "cost_mean", max: "$0.01" }).max, 0.01);
  assert.deepEqual(guardOf({ metric: "score.nps", min: -20, max: 90 }), {
    metric: "score.nps",
    min: -20,
    max: 90,
    minRuns: 20,
  });
  assert.deepEqual(guardOf({ metric: "score.right", min: "80%" }).min, 0.8);
});

test("a guard speaks once it has enough, of what its metric is of", () => {
  const statistics = counted([
    ["completed", 100, 0.01],
    ["failed", 300, 0.03],
    ["rejected", 200, 0.02],
    ["expired", 400, 0.02],
  ]);
  statistics.score("helpful", 0.4);
  const { figures } = statistics;
  assert.deepEqual(figures, {
    runs: 4,
    failed: 2,
    errorRate: 0.5,
    latencyP50Ms: 200,
    latencyP95Ms: 400,
    costMeanUsd: 0.02,
    scores: { helpful: { n: 1, mean: 0.4 } },
  });
  const breach = (metric: string, bound: object, minRuns = 1) =>
    breachOf([guardOf({ metric, minRuns, ...bound })], figures);
  assert.equal(breach("error_rate", { max: 0.5 }), undefined);
  assert.equal(breach("error_rate", { max: 0.4 }, 5), undefined);
  assert.equal(breach("score.helpful", { min: 0.8 }, 2), undefined);
  assert.equal(breach("score.unknown", { min: 0.8 }), undefined);
  const texts = [
    breach("error_rate", { max: "40%" }),
    breach("latency_p50", { max: "150ms" }),
    breach("latency_p95", { max: "0.3s" }),
    breach("cost_mean", { max: "$0.01" }),
    breach("score.helpful", { min: 0.8 }),
    breach("score.helpful", { max: 0.1 }),
  ].map((each) => each && breachText(each));
  assert.deepEqual(texts, [
    "error_rate is 50% over 4 runs, above the most allowed 40%",
    "latency_p50 is 200 ms over 4 runs, above the most allowed 150 ms",
    "latency_p95 is 400 ms over 4 runs, above the most allowed 300 ms",
    "cost_mean is $0.02 over 4 runs, above the most allowed $0.01",
    "score.helpful is 0.4 over 1 scores, below the least allowed 0.8",
    "score.helpful is 0.4 over 1 scores, above the most allowed 0.1",
  ]);
  assert.equal(
    breachOf([guardOf({ metric: "error_rate", max: 0, minRuns: 1 })], new ArmStatistics().figures),
    undefined,
  );
});

test("a paused run counts as failed until it ends, and then as it ended", () => {
  const statistics = new ArmStatistics();
  const stop = (status: string) => statistics.stop({ run: "a", status, latencyMs: 10, costUsd: 1 });
  stop("paused");
  stop("paused");
  assert.deepEqual(
    [statistics.figures.runs, statistics.figures.errorRate, statistics.figures.costMeanUsd],
    [1, 1, null],
  );
  stop("completed");
  assert.deepEqual(
    [statistics.figures.runs, statistics.figures.errorRate, statistics.figures.costMeanUsd],
    [1, 0, 1],
  );
});

test("percentiles are those of the latest runs, as if each time all were sorted", () => {
  const random = seededRandom("latencies");
  const statistics = new ArmStatistics();
  const latencies: number[] = [];
  for (let n = 0; n < 2 * latenciesMax + 500; n++) {
    latencies.push(Math.floor(random.next() * 300));
    statistics.stop({ run: `${n}`, status: "completed", latencyMs: latencies.at(-1) ?? 0, costUsd: 0 });
    if (n % 97 !== 0) continue;
    const sorted = latencies.slice(-latenciesMax).sort((a, b) => a - b);
    const nearest = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
    assert.deepEqual(
      [statistics.figures.latencyP50Ms, statistics.figures.latencyP95Ms],
      [nearest(0.5), nearest(0.95)],
    );
  }
});

test("the share that is chosen is the share that was asked for", () => {
  const chosen = Array.from({ length: 20_000 }, (_, n) => isChosen({ id: "r", share: 0.1 }, `key-${n}`));
  const share = chosen.filter(Boolean).length / chosen.length;
  // Six standard deviations.
  assert.ok(Math.abs(share - 0.1) < 6 * Math.sqrt((0.1 * 0.9) / chosen.length), `${share}`);
  assert.ok(isChosen({ id: "r", share: 1 }, "any"));
});

test("runs are told apart by an expression, and each for itself where it has no value", () => {
  const run = { id: "run-1", workflow: "asks", input: { customer: { id: 7 } }, tags: { tenant: "acme" } };
  assert.equal(keyOf(null, run), "run-1");
  assert.equal(keyOf(keyExpression("{{ run.tags.tenant }}"), run), "acme");
  assert.equal(keyOf(keyExpression("input.customer"), run), '{"id":7}');
  assert.equal(keyOf(keyExpression("{{ run.workflow }}-{{ input.customer.id }}"), run), "asks-7");
  assert.equal(keyOf(keyExpression("input.nothing"), run), "run-1");
  assert.throws(() => keyExpression("item.x"), {
    code: "ROLLOUT_INVALID",
    message: /there is no `item` before a run/,
  });
});
