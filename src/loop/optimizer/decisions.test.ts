import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/base/index.ts";
import { shareLowerBound } from "../../models/learning/index.ts";
import { comparisonOf } from "./comparison.ts";
import { ErrorBudget } from "./error-budget.ts";
import { decide, type Evidence, experimentOf, seenOf } from "./experiment.ts";
import type { Bars } from "./proposals.ts";
import { evidenceAbove, evidenceBelow, LateEvidence } from "./sequential.ts";
import { type Interval, meanInterval, medianInterval, shareInterval } from "./statistics.ts";

const bars: Bars = {
  accuracyMin: 0.9,
  provenAccuracyMin: 0.85,
  errorRateMax: 0.1,
  costMeanMaxUsd: 1,
  timeToResultP50MaxMs: null,
};

function drawn(seed: string, length: number, quality: number): readonly number[] {
  const random = seededRandom(seed);
  return Array.from({ length }, () => Number(random.next() < quality));
}

/** Of many streams, the share in which the evidence ever reached 20, looked at after every outcome. */
function everReached(
  evidence: (outcomes: readonly number[], bar: number) => number,
  quality: number,
  bar: number,
): number {
  const streams = Array.from({ length: 300 }, (_, n) => drawn(`stream ${n}`, 200, quality));
  const reached = streams.filter((outcomes) =>
    outcomes.some((_, index) => evidence(outcomes.slice(0, index + 1), bar) >= 20),
  );
  return reached.length / streams.length;
}

test("looked at after every run, the evidence is wrong in no more than one of twenty experiments", () => {
  // Two standard errors above 5%.
  const bound = 0.05 + 2 * Math.sqrt((0.05 * 0.95) / 300);
  assert.ok(everReached(evidenceAbove, 0.9, 0.9) <= bound);
  assert.ok(everReached(evidenceBelow, 0.9, 0.9) <= bound);
});

test("what is clearly better or worse than the bar is seen", () => {
  assert.ok(everReached(evidenceAbove, 0.97, 0.85) > 0.95);
  assert.ok(everReached(evidenceBelow, 0.6, 0.9) > 0.99);
  assert.equal(evidenceAbove([], 0.9), 1);
});

test("what is watched without end is hardly ever accused wrongly, and what turns bad late is found soon", () => {
  const found = (seed: string, good: number, bad: number) => {
    const evidence = new LateEvidence(0.1);
    const wrong = [...drawn(seed, good, 0.9), ...drawn(`${seed}, later`, bad, 0.6)].map((right) => 1 - right);
    const at = wrong.findIndex((outcome) => {
      evidence.add(outcome);
      return evidence.capital >= 20;
    });
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  };
  const seeds = Array.from({ length: 300 }, (_, n) => `watched ${n}`);
  const accused = seeds.filter((seed) => found(seed, 2_000, 0) < 2_000);
  assert.ok(accused.length / 300 <= 0.05 + 2 * Math.sqrt((0.05 * 0.95) / 300), `${accused.length} of 300`);
  for (const good of [0, 100, 2_000]) {
    const delays = seeds.map((seed) => found(seed, good, 300) - good).filter((delay) => delay >= 0);
    assert.ok(
      delays.every((delay) => delay < 150),
      `${Math.max(...delays)} runs after ${good}`,
    );
  }
});

test("an experiment waits, goes on, and goes back", () => {
  const of = (part: Partial<Evidence>) =>
    decide(
      part.canary ? "canary" : "shadow",
      { bars, bounds: { maxShare: 0.1, maxSpendUsd: 1 } },
      { shadow: [], canary: [], runs: 0, shadowCostUsd: 0, ...part },
    );
  const [good, bad] = [drawn("good", 100, 0.97), drawn("bad", 30, 0.5)];
  assert.deepEqual(of({ shadow: good.slice(0, 5), runs: 5 }), { next: "wait" });
  assert.equal(of({ shadow: good, runs: 100 }).next, "canary");
  assert.equal(
    of({ shadow: good, runs: 29 }).next,
    "wait",
    "no candidate goes on before it has been seen enough",
  );
  assert.equal(of({ shadow: bad, runs: 30 }).next, "rollBack");
  assert.equal(of({ shadow: [0, 0, 0], runs: 3 }).next, "wait", "so few are no ground for ending a proof");
  assert.equal(of({ shadow: good, runs: 100, shadowCostUsd: 1.1 }).next, "rollBack");
  assert.equal(of({ shadow: good, canary: good.slice(0, 30), runs: 30 }).next, "promote");
  assert.equal(of({ shadow: good, canary: bad, runs: 30 }).next, "rollBack");
  assert.equal(of({ shadow: [1, 1], runs: 600 }).next, "rollBack", "what shows nothing is given up");
});

test("an experiment is the fold of its events, and its largest share stays known", () => {
  const effects = null as never;
  const events = [
    { type: "experiment.started", data: { proposal: "p", workflow: "w", bars, expected: effects } },
    { type: "experiment.staged", data: { stage: "shadow", rollout: "r1", share: 1, reason: "" } },
    { type: "experiment.staged", data: { stage: "canary", rollout: "r2", share: 0.1, reason: "" } },
    { type: "experiment.promoted", data: { reason: "good", realised: null, release: "r" } },
    { type: "experiment.rolled_back", data: { reason: "worse", realised: null } },
  ];
  const at = (count: number) => experimentOf("e", events.slice(0, count) as never);
  assert.equal(at(0), undefined);
  assert.deepEqual([at(1)?.stage, at(2)?.share, at(2)?.maxShare], ["replay", 0, 0]);
  assert.deepEqual([at(3)?.stage, at(3)?.share, at(3)?.rollout], ["canary", 0.1, "r2"]);
  assert.deepEqual(
    [at(4)?.stage, at(4)?.share, at(4)?.rollout, at(4)?.isWatched],
    ["promoted", 1, "r2", true],
  );
  assert.deepEqual(
    [at(5)?.stage, at(5)?.share, at(5)?.maxShare, at(5)?.reason, at(5)?.isWatched],
    ["rolledBack", 0, 1, "worse", false],
  );
});

test("intervals hold what they are of", () => {
  assert.deepEqual(shareInterval(0, 0), { low: 0, mid: 0, high: 1 });
  const nine = shareInterval(9, 10);
  // Wilson's interval of 9 in 10.
  assert.deepEqual([Number(nine.low.toFixed(3)), Number(nine.high.toFixed(3))], [0.596, 0.982]);
  assert.deepEqual(meanInterval([2, 2, 2]), { low: 2, mid: 2, high: 2 });
  const ranks = Array.from({ length: 100 }, (_, n) => n + 1);
  // Ranks 41 and 61 of a hundred.
  assert.deepEqual(medianInterval(ranks), { low: 41, mid: 50, high: 61 });
});

test("an interval of the next sample holds its figure in 19 of 20 samples, and is no wider than it needs to be", () => {
  const n = 300;
  const costs = (seed: string) => {
    const random = seededRandom(seed);
    // Skewed, as costs are: most are small, a few are ten times as large.
    return Array.from({ length: n }, () => 0.2 + random.next() ** 3);
  };
  const figures: Record<string, (values: readonly number[]) => readonly [Interval, number]> = {
    mean: (values) => [meanInterval(values, "next sample"), meanInterval(values).mid],
    median: (values) => [medianInterval(values, "next sample"), medianInterval(values).mid],
    share: (values) => {
      const dear = values.filter((value) => value > 0.3).length;
      return [shareInterval(dear, n, "next sample"), dear / n];
    },
  };
  for (const [name, figure] of Object.entries(figures)) {
    const inside = Array.from({ length: 400 }, (_, seed) => {
      const [{ low, mid, high }] = figure(costs(`seen ${seed}`));
      assert.ok(high - low <= mid, `${name}: ${low} to ${high}`);
      const [, next] = figure(costs(`next ${seed}`));
      return Number(low <= next && next <= high);
    });
    const share = inside.reduce((sum, each) => sum + each, 0) / inside.length;
    assert.ok(share >= 0.93 && share <= 0.99, `${name}: ${share}`);
  }
});

test("of all that is tested in a cycle, one error in twenty cycles at most", () => {
  const [tests, cycles, bar] = [4, 1_000, 0.9];
  const wrong = Array.from({ length: cycles }, (_, cycle) => {
    const budget = new ErrorBudget(tests);
    const shown = Array.from({ length: tests }, (_, n) =>
      budget.test((level) => {
        const right = drawn(`cycle ${cycle}, test ${n}`, 200, bar).filter(Boolean).length;
        return shareLowerBound(right, 200, level) >= bar || undefined;
      }),
    );
    return Number(shown.some(Boolean));
  });
  const share = wrong.reduce((sum, each) => sum + each, 0) / cycles;
  assert.ok(share <= 0.05 && share > 0.01, `${share}`);
  const levels: number[] = [];
  const budget = new ErrorBudget(2);
  for (const isShown of [true, true])
    budget.test((level) => {
      levels.push(level);
      return isShown;
    });
  assert.deepEqual(levels, [0.975, 0.95], "what was shown was no error");
});

test("what came of a change stands beside an interval for as many runs", () => {
  const exactly = { low: 1, mid: 1, high: 1 };
  const figures = (runs: number, costPerRun: Interval) => ({
    runs,
    costPerRun,
    accuracy: { ...exactly, n: runs },
    automated: exactly,
    timeToResultP50: exactly,
    reviewMinutesPerRun: 0,
  });
  const before = figures(300, { low: 9, mid: 10, high: 11 });
  const expected = figures(300, { low: 1, mid: 2, high: 3 });
  const of = (runs: number, mid: number) => {
    const realised = figures(runs, { low: mid, mid, high: mid });
    return comparisonOf({ before, expected, realised }).savedUsdPerRun;
  };
  assert.deepEqual(of(300, 2.5), { low: 7, mid: 8, high: 9, realised: 7.5, isInside: true });
  assert.deepEqual([of(300, 3.1).isInside, of(30, 3.1).isInside, of(30, 5).isInside], [false, true, false]);
});

test("what was shown so far grows with what is right, and is whole when the next stage follows", () => {
  const after = (right: number, wrong = 0) =>
    seenOf(
      { bars },
      {
        shadow: [...Array(right).fill(1), ...Array(wrong).fill(0)],
        canary: [],
        runs: right + wrong,
        shadowCostUsd: 0,
      },
    );
  assert.deepEqual(after(0), { runs: 0, judged: 0, right: 0, shown: 0 });
  assert.deepEqual(after(200), { runs: 200, judged: 200, right: 200, shown: 1 });
  const [some, fewer] = [after(20), after(20, 3)];
  assert.ok(some.shown > fewer.shown && some.shown < 1, `${some.shown} ${fewer.shown}`);
  assert.deepEqual([fewer.judged, fewer.right], [23, 20]);
});
