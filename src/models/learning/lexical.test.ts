import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../core/base/index.ts";
import { lexicalVector } from "./lexical.ts";
import { madeUpExamples } from "./test-data.ts";

const dot = (one: readonly number[], other: readonly number[]) =>
  one.reduce((sum, part, at) => sum + part * (other[at] ?? 0), 0);
const similarity = (one: string, other: string) => dot(lexicalVector(one), lexicalVector(other));

test("texts that share words are near, also with typing errors, and others are not", () => {
  assert.ok(Math.abs(similarity("Where is my parcel?", "where is my PARCEL?") - 1) < 1e-4);
  assert.ok(similarity("where is my parcel", "my parcel, where is it") > 0.7);
  assert.ok(
    similarity("where is my parcel", "wehre is my parcle") > similarity("where is my parcel", "reset it"),
  );
  assert.ok(Math.abs(similarity("parcel tracking", "gut fund zoom")) < 0.2);
});

test("the nearest other text is mostly of the same label", () => {
  const examples = madeUpExamples(40).map(({ text, label }) => ({ label, vector: lexicalVector(text) }));
  const right = examples.filter(({ vector, label }, at) => {
    const others = examples.filter((_, other) => other !== at);
    const [nearest] = others.sort((a, b) => dot(b.vector, vector) - dot(a.vector, vector));
    return nearest?.label === label;
  });
  assert.ok(right.length / examples.length > 0.9, `${right.length} of ${examples.length}`);
});

test("a vector has length one, but for a text without words, and stays as it is for ever", () => {
  const vector = lexicalVector("Where is my parcel?");
  assert.equal(vector.length, 512);
  assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-4);
  assert.equal(Math.hypot(...lexicalVector("")), 0);
  const known = "6005e5477a0fe1ea513dcc7a073fc84ca36d961ef20753aa3cae0a3b0914842d";
  assert.equal(sha256(JSON.stringify(vector)), known);
});
