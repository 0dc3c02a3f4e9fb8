import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/base/index.ts";
import { quantise, scoreInto } from "./linear-model.ts";
import { toShares, trainSoftmax } from "./softmax.ts";
import type { SparseRows } from "./vectors.ts";

const features = 30;
const labels = 4;
const rows = 60;

/** Random unit vectors whose label depends on one feature, with one label in eight at random. */
function problem(seed: number): { vectors: SparseRows; targets: Int32Array } {
  const random = seededRandom(seed);
  const perRow = 6;
  const ids = new Int32Array(rows * perRow);
  const values = new Float32Array(rows * perRow);
  const targets = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = Math.floor(random.next() * labels);
    targets[row] = random.next() < 0.125 ? Math.floor(random.next() * labels) : label;
    for (let place = 0; place < perRow; place++) {
      ids[row * perRow + place] =
        place === 0 ? label : labels + Math.floor(random.next() * (features - labels));
      values[row * perRow + place] = Math.sqrt(1 / perRow);
    }
  }
  const ends = Int32Array.from({ length: rows + 1 }, (_, row) => row * perRow);
  return { vectors: { rows, ends, ids, values }, targets };
}

function run(seed: number, problemSeed = 1, cost = 5): Float32Array {
  const { vectors, targets } = problem(problemSeed);
  const training = trainSoftmax(vectors, features, targets, { labels, cost, random: seededRandom(seed) });
  for (;;) {
    const turn = training.next();
    if (turn.done) return turn.value;
  }
}

test("the weights are where the regularised likelihood is highest", () => {
  const cost = 5;
  const weights = run(7, 1, cost);
  const { vectors, targets } = problem(1);
  // At the optimum, weights = cost * sum over rows of (1[target] - share) * vector.
  const expected = new Float64Array(features * labels);
  const [scores, shares] = [new Float64Array(labels), new Float64Array(labels)];
  for (let row = 0; row < rows; row++) {
    scores.fill(0);
    const [start = 0, end = 0] = [vectors.ends[row], vectors.ends[row + 1]];
    for (let at = start; at < end; at++)
      for (let label = 0; label < labels; label++)
        scores[label] =
          (scores[label] ?? 0) +
          (vectors.values[at] ?? 0) * (weights[(vectors.ids[at] ?? 0) * labels + label] ?? 0);
    toShares(scores, shares, labels);
    for (let at = start; at < end; at++)
      for (let label = 0; label < labels; label++) {
        const pull = (targets[row] === label ? 1 : 0) - (shares[label] ?? 0);
        const place = (vectors.ids[at] ?? 0) * labels + label;
        expected[place] = (expected[place] ?? 0) + cost * pull * (vectors.values[at] ?? 0);
      }
  }
  for (const [place, value] of weights.entries()) assert.ok(Math.abs(value - (expected[place] ?? 0)) < 0.15);
});

test("the same seed gives the same weights, another order nearly the same", () => {
  assert.deepEqual(run(1), run(1));
  const [one, other] = [run(1), run(2)];
  assert.notDeepEqual(one, other);
  for (const [place, value] of one.entries()) assert.ok(Math.abs(value - (other[place] ?? 0)) < 0.2);
});

test("a large cost does not make it diverge", () => {
  for (const value of run(1, 3, 1e4)) assert.ok(Number.isFinite(value));
});

test("shares add up to 1, however large the scores", () => {
  const shares = new Float64Array(3);
  toShares(Float64Array.from([1_000, 1_000, -1_000]), shares, 3);
  assert.deepEqual([...shares], [0.5, 0.5, 0]);
});

test("quantised weights score as the weights do, to less than a percent", () => {
  const weights = run(1);
  const model = quantise(weights, labels);
  const { vectors } = problem(1);
  const scores = new Float64Array(labels);
  for (let row = 0; row < rows; row++) {
    const [start = 0, end = 0] = [vectors.ends[row], vectors.ends[row + 1]];
    scoreInto(scores, model, vectors, start, end);
    for (let label = 0; label < labels; label++) {
      let exact = 0;
      for (let at = start; at < end; at++)
        exact += (vectors.values[at] ?? 0) * (weights[(vectors.ids[at] ?? 0) * labels + label] ?? 0);
      assert.ok(Math.abs((scores[label] ?? 0) - exact) < 0.03);
    }
  }
});

test("an odd and an even number of entries, and none, are scored", () => {
  const model = quantise(Float32Array.from([1, -1, 2, -2, 4, -4]), 2);
  const scores = new Float64Array(2);
  for (const [ids, expected] of [
    [[], 0],
    [[0], 1],
    [[0, 1], 3],
    [[0, 1, 2], 7],
  ] as const) {
    scoreInto(scores, model, { ids: Int32Array.from(ids), values: new Float32Array(ids.length).fill(1) });
    assert.ok(Math.abs((scores[0] ?? 0) - expected) < 1e-5);
    assert.ok(Math.abs((scores[1] ?? 0) + expected) < 1e-5);
  }
});
