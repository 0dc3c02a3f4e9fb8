import assert from "node:assert/strict";
import { test } from "node:test";
import { blockFolds, foldCount } from "./folds.ts";

const themselves = (count: number) => Int32Array.from({ length: count }, (_, row) => row);

test("neighbours of one label share a fold, and all folds are used alike", () => {
  const targets = Int32Array.from({ length: 40 }, (_, row) => (row < 20 ? 0 : 1));
  const folds = blockFolds(targets, 2, 5, themselves(40));
  for (const label of [0, 1]) {
    const own = [...folds.slice(label * 20, label * 20 + 20)];
    assert.equal(new Set(own).size, 5);
    // Each block of four is one fold.
    for (let at = 0; at < 20; at += 4) assert.equal(new Set(own.slice(at, at + 4)).size, 1);
  }
});

test("labels with one or two examples are spread over the folds", () => {
  const targets = Int32Array.from({ length: 20 }, (_, row) => Math.floor(row / 2));
  const folds = blockFolds(targets, 10, 10, themselves(20));
  const sizes = Array.from({ length: 10 }, (_, fold) => folds.filter((own) => own === fold).length);
  assert.deepEqual(
    sizes,
    Array.from({ length: 10 }, () => 2),
  );
  for (let row = 0; row < 20; row += 2) assert.notEqual(folds[row], folds[row + 1]);
});

test("equal texts are held out together, whatever their labels", () => {
  const sameAs = Int32Array.from([0, 1, 2, 0, 4, 0]);
  const folds = blockFolds(Int32Array.from([0, 0, 0, 1, 1, 1]), 2, 3, sameAs);
  assert.equal(folds[3], folds[0]);
  assert.equal(folds[5], folds[0]);
});

test("small data get more folds, never more than examples", () => {
  assert.equal(foldCount(3), 3);
  assert.equal(foldCount(200), 10);
  assert.equal(foldCount(10_000), 5);
});
