import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../core/base/index.ts";
import { expectedCalibrationError } from "../../models/learning/index.ts";
import { calibrationError } from "./calibration.ts";
import { classFigures, macroFigures } from "./classes.ts";
import { ScorerUnknown } from "./errors.ts";
import { rougeL } from "./rouge.ts";
import { scorerOf } from "./scorers.ts";

/** Equal to six decimals. */
function near(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 5e-7, `${actual} is not ${expected}`);
}

const score = (written: string, output: Json, expected: Json, parts = {}) =>
  scorerOf(written, parts).score({ input: null, output, expected });

// Lin 2004, section 3.1, "police killed the gunman" and its three candidates.
test("ROUGE-L agrees with the examples of its paper", () => {
  const reference = "police killed the gunman";
  near(rougeL("police kill the gunman", reference).f1, 3 / 4);
  near(rougeL("the gunman kill police", reference).f1, 2 / 4);
  near(rougeL("the gunman police killed", reference).f1, 2 / 4);
});

test("ROUGE-L weighs both lengths: 4 words in common of 6 and of 9 are 8/15", () => {
  const { precision, recall, f1 } = rougeL("The cat sat on the mat.", "On that day the cat lay on a mat");
  // The longest common subsequence is: the cat on mat.
  near(precision, 0.666667);
  near(recall, 0.444444);
  near(f1, 0.533333);
  near(rougeL("", "words").f1, 0);
  near(rougeL("", "").f1, 1);
  near(rougeL("Größe ÄNDERN", "größe ändern").f1, 1);
});

// The definitions of Sokolova and Lapalme 2009, table 3 (macro averages), on a confusion matrix worked by hand:
//            given a  given b  given c
//  right a      5        1        0
//  right b      2        3        1
//  right c      0        1        7
test("precision, recall and F1 agree with a matrix worked by hand", () => {
  const matrix: Record<string, Record<string, number>> = {
    a: { a: 5, b: 1 },
    b: { a: 2, b: 3, c: 1 },
    c: { b: 1, c: 7 },
  };
  const pairs = Object.entries(matrix).flatMap(([right, row]) =>
    Object.entries(row).flatMap(([given, count]) => Array.from({ length: count }, () => ({ given, right }))),
  );
  const figures = classFigures(pairs);
  near(figures.get("a")?.precision, 0.714286);
  near(figures.get("a")?.recall, 0.833333);
  near(figures.get("a")?.f1, 0.769231);
  near(figures.get("b")?.precision, 0.6);
  near(figures.get("b")?.recall, 0.5);
  near(figures.get("b")?.f1, 0.545455);
  near(figures.get("c")?.precision, 0.875);
  near(figures.get("c")?.recall, 0.875);
  near(macroFigures(pairs).precision, 0.729762);
  near(macroFigures(pairs).recall, 0.736111);
  near(macroFigures(pairs).f1, 0.729895);
  assert.deepEqual(
    [...figures].map(([label, { support }]) => [label, support]),
    [
      ["a", 6],
      ["b", 6],
      ["c", 8],
    ],
  );
});

// Guo and others 2017, equation 3, with ten bins, worked by hand: the bin (0.9, 1.0] has 3 answers of mean
// confidence 0.95, 2 of them right; (0.6, 0.7] has 2 of 0.65, 1 right; (0.2, 0.3] has 1 of 0.3, right.
// ECE = 3/6 |2/3 - 0.95| + 2/6 |1/2 - 0.65| + 1/6 |1 - 0.3| = 0.141667 + 0.05 + 0.116667.
test("the calibration error agrees with an example worked by hand", () => {
  const judged = [
    { confidence: 0.92, isRight: true },
    { confidence: 0.95, isRight: true },
    { confidence: 0.98, isRight: false },
    { confidence: 0.62, isRight: true },
    { confidence: 0.68, isRight: false },
    { confidence: 0.3, isRight: true },
  ];
  near(calibrationError(judged), 0.308333);
  near(calibrationError([]), 0);
  const apart = judged.slice(0, 5);
  const confidences = apart.map(({ confidence }) => confidence);
  const correct = apart.map(({ isRight }) => Number(isRight));
  near(calibrationError(apart), expectedCalibrationError(confidences, correct, 10));
});

test("scorers of single answers", async () => {
  const cases: readonly (readonly [string, Json, Json, number])[] = [
    ["exact", { a: 1, b: [2] }, { b: [2], a: 1 }, 1],
    ["exact", 4, "4", 1],
    ["exact", "4", "4.0", 0],
    ["normalised", "  Where IS  it?", "where is it", 1],
    ["normalised", "Where was it", "where is it", 0],
    ["numeric", 2, "2", 1],
    ["numeric:0.1", 0.3, 0.2, 1],
    ["numeric:0.1", 0.31, 0.2, 0],
    ["numeric:1%", 101, 100, 1],
    ["numeric:1%", 101.1, 100, 0],
    ["numeric", "none", 0, 0],
    ["regex", "AB-12", "^[A-Z]{2}-\\d+$", 1],
    ["regex:^\\d+$", "12a", "anything", 0],
    ["json", { a: 1, b: { c: 2, d: 3 } }, { a: 1, b: { c: 2, d: 4 } }, 2 / 3],
    ["json", { a: 1, extra: 2 }, { a: 1 }, 1 / 2],
    ["json", [1, 2], [1, 2, 3], 2 / 3],
    ["rouge_l", "police kill the gunman", "police killed the gunman", 3 / 4],
  ];
  for (const [written, output, expected, right] of cases)
    near(Number(await score(written, output, expected)), right);
  const schema = { type: "object", required: ["a"] };
  assert.deepEqual(
    [await score("schema", { a: 1 }, null, { schema }), await score("schema", {}, null, { schema })],
    [1, 0],
  );
  assert.equal(await score("judge", "x", "y", { judge: async () => 0.4 }), 0.4);
  assert.equal(scorerOf("exact").score({ input: null, output: 1, expected: undefined }), null);
});

test("a scorer that there is not, or that lacks what it needs, is refused", () => {
  for (const written of ["exakt", "schema", "judge", "numeric:x", "regex:(", "toString"])
    assert.throws(() => scorerOf(written), ScorerUnknown);
});
