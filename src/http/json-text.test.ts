import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonProblem } from "./json-text.ts";

test("what can be taken in is taken in", () => {
  const fine = [
    "",
    "null",
    '{"a": [1, -2.5e3, 9007199254740991, -9007199254740992, 100000000000000000000, 1e23, 0.1234567890123456789]}',
    '"[[[ 1e999 9007199254740993 \\" ,,, "',
    '{"\\\\": "\\\\\\""}',
    `${"[".repeat(500)}${"]".repeat(500)}`,
    `[${Array.from({ length: 100_000 }, () => 0)}]`,
    '"unfinished',
    "-",
  ];
  for (const text of fine) assert.equal(jsonProblem(text), undefined, text.slice(0, 60));
});

test("what would cost too much, or would be changed without a word, is named", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    [`${"[".repeat(501)}${"]".repeat(501)}`, /nests deeper than 500/],
    ['{"a":'.repeat(1_000_000), /nests deeper than 500/],
    [`[${Array.from({ length: 100_001 }, () => 0)}]`, /more than 100000 values/],
    ['{"id": 9007199254740993}', /^9007199254740993 is no number that is held exactly/],
    ["-123456789012345678901", /held exactly/],
    ['["\\\\", 9007199254740993]', /held exactly/],
    ["1e999", /more than a number can hold/],
    ["[-1E400]", /more than a number can hold/],
    [`1${"0".repeat(400)}`, /held exactly|more than/],
  ];
  for (const [text, expected] of refused) assert.match(jsonProblem(text) ?? "", expected, text.slice(0, 60));
});
