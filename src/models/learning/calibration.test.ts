import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/base/index.ts";
import { type Calibration, confidenceOf, fitCalibration, type HeldOut, scoresOf } from "./calibration.ts";
import { expectedCalibrationError } from "./statistics.ts";

const labels = 5;

/**
 * Labels drawn from known probabilities; the scores are their logarithms times `stretch`, so that a softmax
 * of them is too sure (above 1) or not sure enough; `noise` of the labels are replaced at random.
 */
function synthetic(rows: number, stretch: number, seed: number, noise = 0): HeldOut {
  const random = seededRandom(seed);
  const scores = new Float32Array(rows * labels);
  const targets = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const strengths = Array.from({ length: labels }, () => Math.exp(6 * random.next()));
    const sum = strengths.reduce((total, strength) => total + strength, 0);
    const draw = random.next() * sum;
    let passed = 0;
    targets[row] = strengths.findIndex((strength) => {
      passed += strength;
      return draw < passed;
    });
    if (random.next() < noise) targets[row] = Math.floor(random.next() * labels);
    for (const [label, strength] of strengths.entries())
      scores[row * labels + label] = stretch * Math.log(strength);
  }
  return { labels, scores, targets, known: new Float32Array(rows).fill(1) };
}

function errorOf(heldOut: HeldOut, calibration: Calibration): number {
  const shares = new Float64Array(labels);
  const confidences: number[] = [];
  const correct: number[] = [];
  for (const [row, target] of heldOut.targets.entries()) {
    const { label, confidence } = confidenceOf(scoresOf(heldOut, row), 1, calibration, shares);
    confidences.push(confidence);
    correct.push(label === target ? 1 : 0);
  }
  return expectedCalibrationError(confidences, correct);
}

const asIs: Calibration = {
  temperature: 1,
  noneScore: -1e3,
  intercept: 0,
  slope: 1,
  ceiling: 1,
  knownMin: 0,
};

for (const stretch of [0.3, 1, 4])
  test(`confidence means what it says on new rows when scores are stretched by ${stretch}`, () => {
    const calibration = fitCalibration(synthetic(4_000, stretch, 1));
    const fresh = synthetic(20_000, stretch, 2);
    assert.ok(errorOf(fresh, calibration) < 0.02, String(errorOf(fresh, calibration)));
    if (stretch !== 1) assert.ok(errorOf(fresh, asIs) > 0.08);
  });

test("labels that contradict each other cap the confidence", () => {
  const noise = 0.2;
  const calibration = fitCalibration(synthetic(8_000, 4, 3, noise));
  assert.ok(errorOf(synthetic(20_000, 4, 4, noise), calibration) < 0.03);
  const sure = confidenceOf([24, 0, 0, 0, 0], 1, calibration, new Float64Array(labels));
  assert.ok(sure.confidence < 0.9, String(sure.confidence));
});

test("confidence rises with the lead of the best label, and falls where all score low", () => {
  const calibration = fitCalibration(synthetic(4_000, 1, 5));
  const shares = new Float64Array(labels);
  const of = (scores: readonly number[], known = 1) => confidenceOf(scores, known, calibration, shares);
  const rising = [1, 2, 4, 6, 9].map((lead) => of([3 + lead, 3, 2, 1, 0]).confidence);
  assert.deepEqual(
    [...rising].sort((a, b) => a - b),
    rising,
  );
  assert.equal(of([0, 5, 1, 1, 1]).label, 1);
  assert.ok(of([-10, -40, -40, -40, -40]).confidence < of([6, -20, -20, -20, -20]).confidence / 2);
});

test("a text of which nothing is known has no confidence at all", () => {
  const calibration = { ...fitCalibration(synthetic(500, 1, 6)), knownMin: 0.4 };
  const shares = new Float64Array(labels);
  const at = (known: number) => confidenceOf([9, 0, 0, 0, 0], known, calibration, shares).confidence;
  assert.equal(at(0), 0);
  assert.ok(Math.abs(at(0.2) - at(1) / 2) < 1e-9);
  assert.equal(at(0.4), at(1));
  assert.equal(confidenceOf([9, 0, 0, 0, 0], 0, { ...calibration, knownMin: 0 }, shares).confidence, 0);
});

test("a handful of flawless examples does not make it certain", () => {
  const scores = Float32Array.from({ length: 6 * labels }, (_, place) => (place % labels === 0 ? 3 : 0));
  const heldOut = { labels, scores, targets: new Int32Array(6), known: new Float32Array(6).fill(1) };
  const calibration = fitCalibration(heldOut);
  for (const value of Object.values(calibration)) assert.ok(Number.isFinite(value));
  const { confidence } = confidenceOf([3, 0, 0, 0, 0], 1, calibration, new Float64Array(labels));
  assert.ok(confidence > 0.5 && confidence < 1);
});

test("examples that are all wrong leave little confidence", () => {
  const scores = Float32Array.from({ length: 200 * labels }, (_, place) => (place % labels === 0 ? 3 : 0));
  const targets = new Int32Array(200).fill(1);
  const calibration = fitCalibration({ labels, scores, targets, known: new Float32Array(200).fill(1) });
  const { confidence } = confidenceOf([3, 0, 0, 0, 0], 1, calibration, new Float64Array(labels));
  assert.ok(confidence < 0.1, String(confidence));
});
