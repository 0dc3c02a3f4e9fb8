import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "../../core/base/index.ts";
import { shareIsAtLeast } from "./statistics.ts";
import { chooseThreshold, decidedAt, heldOutDecisions } from "./threshold.ts";

/** Falling confidences from 1 down, with the places of the wrong ones. */
function record(rows: number, ...wrong: number[]) {
  const confidences = Float32Array.from({ length: rows }, (_, row) => 1 - row / (2 * rows));
  return heldOutDecisions(
    confidences,
    Uint8Array.from(confidences, (_, row) => (wrong.includes(row) ? 0 : 1)),
  );
}

test("58 flawless examples prove nothing at 95%, 59 do", () => {
  assert.equal(chooseThreshold(record(58), 0.95), null);
  assert.equal(chooseThreshold(record(59), 0.95), record(59).confidences[58]);
  assert.equal(chooseThreshold(record(0), 0.95), null);
  assert.equal(chooseThreshold(record(1), 0.95), null);
});

test("a lower precision needs fewer examples", () => {
  assert.equal(chooseThreshold(record(13), 0.8), null);
  assert.notEqual(chooseThreshold(record(14), 0.8), null);
});

test("what is let through satisfies the exact bound, and errors further down raise the threshold", () => {
  const wrongBelow = (from: number) => Array.from({ length: 1_000 - from }, (_, place) => from + place);
  const decisions = record(1_000, ...wrongBelow(700));
  const threshold = chooseThreshold(decisions, 0.95);
  const { decided, right } = decidedAt(decisions, threshold);
  assert.ok(shareIsAtLeast(right, decided, 0.95));
  assert.ok(decided > 680 && decided < 740, String(decided));
  const stricter = chooseThreshold(record(1_000, ...wrongBelow(400)), 0.95);
  assert.ok((stricter ?? 0) > (threshold ?? 1));
});

test("nothing is decided when even the surest are too often wrong", () => {
  assert.equal(
    chooseThreshold(record(1_000, 3, 8, 20, 40, 60, 80, 100, 110, 130, 150, 160, 170, 180, 190), 0.95),
    null,
  );
  assert.deepEqual(decidedAt(record(100), null), { decided: 0, right: 0 });
});

test("equal confidences are let through together or not at all", () => {
  const confidences = new Float32Array(400).fill(0.8);
  const correct = Uint8Array.from(confidences, (_, row) => (row % 10 === 0 ? 0 : 1));
  assert.equal(chooseThreshold(heldOutDecisions(confidences, correct), 0.95), null);
  assert.equal(chooseThreshold(heldOutDecisions(confidences, correct), 0.8), Math.fround(0.8));
});

test("decisions are sorted by falling confidence with their outcomes", () => {
  const sorted = heldOutDecisions(Float32Array.from([0.25, 1, 0.5]), Uint8Array.from([0, 1, 1]));
  assert.deepEqual([...sorted.confidences], [1, 0.5, 0.25]);
  assert.deepEqual([...sorted.correct], [1, 1, 0]);
});

/** Confidence u is right with probability 1 - 0.3 (1 - u)²: above t, precision is 1 - 0.1 (1 - t)². */
function simulate(rows: number, random: Random) {
  const confidences = Float32Array.from({ length: rows }, () => random.next());
  const correct = Uint8Array.from(confidences, (confidence) =>
    random.next() < 1 - 0.3 * (1 - confidence) ** 2 ? 1 : 0,
  );
  return heldOutDecisions(confidences, correct);
}

const lowestTrue = 1 - Math.sqrt(0.5);

for (const rows of [300, 2_000])
  test(`the promise is broken in at most 5% of simulated trainings with ${rows} examples`, () => {
    const random = seededRandom(rows);
    const simulations = 200;
    let [broken, made] = [0, 0];
    for (let run = 0; run < simulations; run++) {
      const threshold = chooseThreshold(simulate(rows, random), 0.95);
      if (threshold === null) continue;
      made++;
      if (threshold < lowestTrue) broken++;
    }
    // 5% of 200, and two standard deviations of chance.
    assert.ok(broken <= 16, `${broken} of ${simulations} promises are false`);
    assert.ok(made > (rows === 300 ? 75 : 190), `only ${made} promises are made`);
  });

test("with many examples, most of what could be decided is", () => {
  const threshold = chooseThreshold(simulate(40_000, seededRandom(9)), 0.95);
  assert.ok(
    threshold !== null && threshold > lowestTrue - 0.01 && threshold < lowestTrue + 0.05,
    String(threshold),
  );
});
