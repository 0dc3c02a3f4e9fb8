import assert from "node:assert/strict";
import { test } from "node:test";
import { attentionOf } from "./facts.ts";

test("attention begins with the question or the decision before, and has a bound", () => {
  const minutes = (...pairs: [number, number][]) =>
    attentionOf(
      pairs.map(([asked, decided]) => ({ requestedAt: asked * 60_000, decidedAt: decided * 60_000 })),
    ) / 60_000;
  assert.equal(minutes([0, 3]), 3);
  assert.equal(minutes([0, 3], [0, 5], [7, 8]), 6);
  assert.equal(minutes([0, 600]), 15);
});
