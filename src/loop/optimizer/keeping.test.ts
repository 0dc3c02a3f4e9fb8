import assert from "node:assert/strict";
import { test } from "node:test";
import { optimizerSettings } from "./keeping.ts";

test("the settings of the optimizer have defaults, bounds, and words for what they cannot take", () => {
  const bounds = { kinds: null, maxShare: 0.1, maxSpendUsd: 1 };
  const byDefault = { mode: "advise", every: { ms: 86_400_000 }, bounds, reviewMinutes: 2 };
  assert.deepEqual(optimizerSettings.parse(undefined), byDefault);
  const { every, bounds: kept } = optimizerSettings.parse({ every: "500 runs", max_share: "50%" });
  assert.deepEqual([every, kept.maxShare], [{ runs: 500 }, 0.1]);
  for (const bad of ["soon", "0s", "0 runs", "12345678 runs", 24]) {
    const { error } = optimizerSettings.safeParse({ every: bad });
    const expected = "expected a duration such as 24h, or a number of runs such as 500 runs";
    assert.deepEqual(
      error?.issues.map(({ message }) => message),
      [`${expected}, found ${JSON.stringify(bad)}`],
    );
  }
});
