import assert from "node:assert/strict";
import { test } from "node:test";
import { hunt, misfits, mutantNamed, mutants } from "./mutants.ts";
import { simulate } from "./program.ts";

// The short version of `npm run simulate`; docs/guide/simulation.md says what it checks.

const programs = 150;

test(`${programs} random programs come to what the model says, through every fault`, async () => {
  for (let seed = 1; seed <= programs; seed++) {
    const { problems, trace } = await simulate(seed);
    assert.deepEqual(problems, [], `npm run simulate -- --seed ${seed}\n${trace.slice(-40).join("\n")}`);
  }
});

test("the same seed does the same", async () => {
  const digests = [];
  for (const seed of [3, 5, 8, 3, 5, 8]) digests.push((await simulate(seed)).digest);
  assert.deepEqual(digests.slice(0, 3), digests.slice(3));
  assert.equal(new Set(digests).size, 3);
});

test("every planted mistake still fits the sources", () => {
  assert.ok(mutants.length >= 10);
  assert.deepEqual(mutants.flatMap(misfits), []);
});

for (const name of [
  "an append is acknowledged before it is on disk",
  "a step starts before its predecessor is on disk",
  "a timer is lost when its run leaves memory",
])
  test(`a planted mistake is found: ${name}`, async () => {
    const { isCaught, problem } = await hunt(mutantNamed(name), 100);
    assert.ok(isCaught, "100 programs did not show it");
    assert.notEqual(problem, "");
  });
