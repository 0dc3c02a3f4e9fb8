import assert from "node:assert/strict";
import test from "node:test";
import type { StepDocument } from "./definition.ts";
import { findCycle, needsOf, stepsBefore } from "./order.ts";

const step = (id: string, needs?: string[]): StepDocument => ({
  id,
  kind: "x",
  config: {},
  ...(needs ? { needs } : {}),
});

test("a step follows the one above it, unless it says what it needs", () => {
  const steps = [step("a"), step("b"), step("c", []), step("d", ["c", "a", "a"]), step("e")];
  assert.deepEqual(needsOf(steps, false), [[], [0], [], [0, 2], [3]]);
  assert.deepEqual(needsOf(steps, true), [[], [], [], [], []]);
});

test("before a step is everything that its needs lead to", () => {
  const before = stepsBefore([[], [0], [], [1, 2], [2]]).map((set) => [...set].sort());
  assert.deepEqual(before, [[], [0], [], [0, 1, 2], [2]]);
});

test("circles are found, and only circles", () => {
  assert.equal(findCycle([[], [0], [0, 1]]), undefined);
  assert.deepEqual(findCycle([[2], [0], [1]]), [0, 2, 1]);
  assert.deepEqual(findCycle([[], [2], [1]]), [1, 2]);
  assert.deepEqual(findCycle([[0]]), [0]);
});

test("a circle does not keep the search for what comes before from ending", () => {
  assert.equal(stepsBefore([[1], [0], [1]]).length, 3);
});

test("a thousand steps in a row", () => {
  const chain = Array.from({ length: 1_000 }, (_, index) => (index === 0 ? [] : [index - 1]));
  assert.equal(
    findCycle([...chain].reverse().map((_, index) => (index === 999 ? [] : [index + 1]))),
    undefined,
  );
  assert.equal(stepsBefore(chain)[999]?.size, 999);
});
