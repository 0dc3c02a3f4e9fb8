import assert from "node:assert/strict";
import { test } from "node:test";
import {
  expectedCalibrationError,
  incompleteBeta,
  logGamma,
  shareIsAtLeast,
  shareLowerBound,
} from "./statistics.ts";

const near = (actual: number, expected: number, within = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);

test("the calibration error is the weighted gap between confidence and accuracy", () => {
  // Bin of 0.9: two predictions, one right: gap 0.4. Bin of 0.3: two, none right: gap 0.3.
  near(expectedCalibrationError([0.9, 0.9, 0.3, 0.3], [1, 0, 0, 0]), (2 * 0.4 + 2 * 0.3) / 4);
  // Within one bin, confidences too high and too low cancel; between bins they do not.
  near(expectedCalibrationError([0.62, 0.65], [1, 0], 10), Math.abs((0.62 + 0.65) / 2 - 0.5));
  near(expectedCalibrationError([0.05, 0.95], [1, 0], 10), 0.95);
});

test("the calibration error knows its edges", () => {
  assert.equal(expectedCalibrationError([], []), 0);
  assert.equal(expectedCalibrationError([1, 1, 0], [1, 1, 0]), 0);
});

test("the gamma and beta functions agree with what can be worked out by hand", () => {
  near(logGamma(5), Math.log(24), 1e-12);
  near(logGamma(0.5), Math.log(Math.PI) / 2, 1e-12);
  near(logGamma(1), 0, 1e-12);
  near(incompleteBeta(0.5, 2, 2), 0.5, 1e-12);
  // I_x(1, b) = 1 - (1 - x)^b, and I_x(a, 1) = x^a.
  near(incompleteBeta(0.3, 1, 3), 1 - 0.7 ** 3, 1e-12);
  near(incompleteBeta(0.95, 5_000, 1), 0.95 ** 5_000, 1e-12);
  // P(at least 1 of 2) at p = 0.5.
  near(incompleteBeta(0.5, 1, 2), 0.75, 1e-12);
  assert.equal(incompleteBeta(0, 3, 4), 0);
  assert.equal(incompleteBeta(1, 3, 4), 1);
});

test("the lower bound of a share is Clopper's and Pearson's", () => {
  // A flawless record of n: p^n = 0.05.
  near(shareLowerBound(10, 10), 0.05 ** (1 / 10), 1e-9);
  near(shareLowerBound(59, 59), 0.05 ** (1 / 59), 1e-9);
  // One of two: 1 - (1 - p)^2 = 0.05.
  near(shareLowerBound(1, 2), 1 - Math.sqrt(0.95), 1e-9);
  near(shareLowerBound(1, 1, 0.9), 0.1, 1e-9);
  assert.equal(shareLowerBound(0, 5), 0);
  assert.equal(shareLowerBound(0, 0), 0);
});

test("a share is proven exactly from where its lower bound reaches it", () => {
  assert.equal(shareIsAtLeast(58, 58, 0.95), false);
  assert.equal(shareIsAtLeast(59, 59, 0.95), true);
  assert.equal(shareIsAtLeast(92, 93, 0.95), true);
  assert.equal(shareIsAtLeast(91, 92, 0.95), false);
  for (const [right, all] of [
    [960, 1000],
    [962, 1000],
    [965, 1000],
    [9_560, 10_000],
  ] as const)
    assert.equal(shareIsAtLeast(right, all, 0.95), shareLowerBound(right, all) >= 0.95);
});
