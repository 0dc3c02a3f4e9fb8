import assert from "node:assert/strict";
import { test } from "node:test";
import { Counter, Histogram } from "./instruments.ts";
import { labelSetsMax } from "./limits.ts";

test("names that somebody makes up are counted together after a bound", () => {
  const counter = new Counter({ name: "x_total", help: "x", labels: ["code"] });
  for (let n = 0; n < labelSetsMax + 50; n++) counter.add([`code-${n}`]);
  const { samples } = counter.family();
  assert.equal(samples.length, labelSetsMax + 1);
  assert.deepEqual(samples.at(-1), { labels: { code: "other" }, value: 50 });
});

test("a value on a bound belongs to its bucket", () => {
  const histogram = new Histogram({ name: "x", help: "x", labels: [] }, [1, 10]);
  for (const value of [1, 2, 11]) histogram.observe([], value);
  const values = histogram.family().samples.map(({ suffix, labels, value }) => [suffix, labels.le, value]);
  assert.deepEqual(values, [
    ["_bucket", "1", 1],
    ["_bucket", "10", 2],
    ["_bucket", "+Inf", 3],
    ["_sum", undefined, 14],
    ["_count", undefined, 3],
  ]);
});
