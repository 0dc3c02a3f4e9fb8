import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/base/index.ts";
import { GateInvalid } from "./errors.ts";
import { compare, figuresOf, type ScoredRow } from "./figures.ts";
import { passes } from "./gates.ts";
import { scorerOf } from "./scorers.ts";
import { bootstrap, mean, meanOf, share } from "./statistics.ts";

const near = (actual: number, expected: number, within = 5e-7) =>
  assert.ok(Math.abs(actual - expected) < within, `${actual} is not ${expected}`);

// Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
test("Wilson's interval agrees with published values", () => {
  for (const [successes, n, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    near(share(successes, n).low, low, 5e-5);
    near(share(successes, n).high, high, 5e-5);
  }
  assert.deepEqual([share(0, 0).low, share(0, 0).high, share(7, 7).high], [0, 1, 1]);
});

test("the bootstrap's interval covers the truth about as often as it says, and is the same for the same seed", () => {
  const random = seededRandom(7);
  let covered = 0;
  for (let trial = 0; trial < 200; trial++) {
    const sample = Array.from({ length: 60 }, () => random.next());
    const { low, high } = bootstrap(sample, mean, { seed: trial, resamples: 400 });
    if (low <= 0.5 && 0.5 <= high) covered += 1;
  }
  assert.ok(covered >= 178 && covered <= 199, `${covered} of 200, for 190`);
  assert.deepEqual(meanOf([1, 2, 4, 9], 3), meanOf([1, 2, 4, 9], 3));
});

const row = (n: number, right: boolean, more: Partial<ScoredRow> = {}): ScoredRow => ({
  row: n,
  status: "completed",
  output: right ? "yes" : "no",
  expected: "yes",
  scores: { exact: right ? 1 : 0 },
  confidence: 0.8,
  costUsd: 0.01,
  tookMs: n,
  needsReview: false,
  error: null,
  ...more,
});
const scorers = [scorerOf("exact")];

test("a paired comparison sees what a comparison of two shares cannot", () => {
  const before = Array.from({ length: 100 }, (_, n) => row(n, n % 2 === 0));
  const after = before.map((each, index) => (index % 10 === 1 ? row(index, true) : each));
  const { exact } = compare(before, after, scorers);
  assert.deepEqual([exact?.higher, exact?.lower], [10, 0]);
  near(exact?.difference.value ?? 0, 0.1);
  assert.ok((exact?.difference.low ?? 0) > 0.03, "it is better");
  const [was, is] = [figuresOf(before, scorers), figuresOf(after, scorers)];
  assert.ok((was.accuracy?.high ?? 0) > (is.accuracy?.low ?? 1), "the two intervals overlap");
});

test("gates hold a figure or a bound of its interval, and what nothing is known of passes none", () => {
  const figures = figuresOf(
    Array.from({ length: 20 }, (_, n) => row(n, n > 0)),
    scorers,
  );
  assert.equal(passes("accuracy>=0.95", figures).passed, true);
  assert.equal(passes("accuracy.low >= 95%", figures).passed, false);
  assert.equal(passes("cost_mean<=0.02", figures).passed, true);
  assert.equal(passes("calibration_error<0.1", figures).passed, false);
  assert.equal(passes("exact>=0", figuresOf([], scorers)).passed, false);
  for (const gate of ["accuracy", "accuracy=1", "accuracy>=high", "speed>=1"])
    assert.throws(() => passes(gate, figures), GateInvalid);
});
