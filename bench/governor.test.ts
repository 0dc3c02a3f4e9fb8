import assert from "node:assert/strict";
import { test } from "node:test";
import { criteria, demo, report, type Seed } from "./governor.ts";
import { machine } from "./machine.ts";

/** How long it takes says more of the machine than of the demo. */
const judged = criteria.filter(({ name }) => name !== "under five minutes");

test("the demo keeps what is promised of it", async () => {
  const seed = await demo(1);
  const broken = judged.filter(({ keeps }) => !keeps(seed)).map(({ name }) => name);
  assert.deepEqual(broken, [], JSON.stringify(seed));
  assert.ok(seed.promoted.some(({ kind }) => kind === "cascade"));
});

const saving = { runs: 300, low: 8, mid: 10, high: 12, realised: 11, isInside: true };
const kept: Seed = {
  seed: 1,
  runs: 2_000,
  before: { costPerRun: 10 },
  after: { costPerRun: 1, automated: 0.8, accuracy: { value: 0.96 } },
  targets: { accuracy: 0.94 },
  promoted: [{ kind: "swap_model", saving }],
  rolledBack: [{ isNewcomer: true, maxShare: 0.1 }],
  seconds: 60,
  cpuSeconds: 40,
};

test("each criterion can fail, and the page counts those that do", () => {
  const swapped = (changed: object): Partial<Seed> => ({
    promoted: [{ kind: "swap_model", saving: { ...saving, ...changed } }],
  });
  const breaks: readonly Partial<Seed>[] = [
    { after: { ...kept.after, costPerRun: 3.1 } },
    { after: { ...kept.after, accuracy: { value: 0.93 } } },
    swapped({ isInside: false }),
    swapped({ low: 2, high: 13 }),
    { rolledBack: [{ isNewcomer: false, maxShare: 1 }] },
    { seconds: 301 },
  ];
  const brokenBy = (change: Partial<Seed>) => criteria.map(({ keeps }) => keeps({ ...kept, ...change }));
  assert.deepEqual(
    breaks.map((change) => brokenBy(change).flatMap((isKept, index) => (isKept ? [] : [index]))),
    [[0], [1], [2], [3], [4], [5]],
  );
  const page = report([kept, { ...kept, seed: 2, seconds: 301 }], machine(), 2);
  assert.match(page, /^\| under five minutes \| 1 of 2 \| 20 of 20 \|$/m);
  assert.match(
    page,
    /^\| 1 \| 0\.100 \| 96\.0% \| 80\.0% \| swap_model \| 1 of 1 \| in the canary \| 2000 \|/m,
  );
  assert.match(page, /\*\*simulated\*\* models/);
});
