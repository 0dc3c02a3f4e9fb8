import assert from "node:assert/strict";
import { test } from "node:test";
import { degradedAt, normal, type Rules, type Sample, type State, start, stopped } from "./state.ts";

const rules: Rules = {
  bounds: { errorRate: 0.2, timeToResultP50Ms: 5_000, costMeanUsd: 0.02 },
  over: 50,
  probeMs: 300_000,
};
const good: Sample = { failed: false, ms: 1_000, costUsd: 0.01 };

/** Runs that end one after the other; the state, and the event of the last one. */
function after(samples: readonly Sample[], from: State = normal, run = (index: number) => `run-${index}`) {
  let state = from;
  let event: ReturnType<typeof stopped>["event"];
  for (const [index, sample] of samples.entries())
    ({ state, event } = stopped(state, { run: run(index), sample, rules, nowMs: 0 }));
  return { state, event };
}

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

test("a workflow is degraded by the latest runs, each bound in words of its own", () => {
  const cases: [(index: number) => Sample, RegExp][] = [
    [(index) => ({ ...good, failed: index % 4 === 0 }), /^26% of 50 runs failed, above 20%$/],
    [() => ({ ...good, ms: 6_000 }), /^half of 50 runs took more than 6\.0 s, above 5\.0 s$/],
    [() => ({ ...good, costUsd: 0.03 }), /^a run cost \$0\.03 on average of 50, above \$0\.02$/],
  ];
  for (const [sample, reason] of cases) {
    assert.equal(after(times(49, sample)).event, undefined, "49 runs are too few");
    const { state, event } = after(times(50, sample));
    assert.equal(state.mode, "degraded");
    assert.equal(event?.type, "workflow.degraded");
    assert.match(String(event?.data.reason), reason);
  }
  assert.equal(after(times(500, () => good)).state.mode, "normal");
});

test("what is long past does not count", () => {
  const bad = { ...good, failed: true };
  const { state } = after([...times(10, () => bad), ...times(50, () => good), ...times(10, () => bad)]);
  assert.equal(state.mode, "normal");
});

test("runs that failed have no time to a result; where all failed there is none", () => {
  const { event } = after(times(50, () => ({ failed: true, ms: 1, costUsd: 0 })));
  assert.equal(event?.data.figures.timeToResultP50Ms, null);
  const slow = times(50, (index) =>
    index % 6 === 0 ? { failed: true, ms: 1, costUsd: 0 } : { ...good, ms: 9_000 },
  );
  assert.match(String(after(slow).event?.data.reason), /^half of 50 runs took more than 9\.0 s/);
});

test("while it is degraded all runs get the alternative, and after the probe time a few try", () => {
  let state = degradedAt(0, rules);
  assert.equal(start(state, "early", rules, 299_999).isNormal, false);
  const begun = times(20, (index) => {
    const next = start(state, `run-${index}`, rules, 300_000);
    state = next.state;
    return next.isNormal;
  });
  assert.equal(begun.filter(Boolean).length, 5);
  const run = (index: number) => `run-${index}`;
  const { state: back, event } = after(
    times(5, () => good),
    state,
    run,
  );
  assert.equal(back.mode, "normal");
  assert.deepEqual([event?.type, event?.data.figures.runs], ["workflow.restored", 5]);
});

test("it comes back only with a margin, and otherwise stays degraded for as long again", () => {
  let state = degradedAt(0, rules);
  for (let index = 0; index < 5; index++) state = start(state, `run-${index}`, rules, 300_000).state;
  // Within the bound of $0.02, and not by a tenth.
  const { state: still, event } = after(
    times(5, () => ({ ...good, costUsd: 0.019 })),
    state,
  );
  assert.equal(event, undefined);
  assert.equal(start(still, "next", rules, 299_999).isNormal, false);
});

test("runs that did not try say nothing of how things are", () => {
  let state = degradedAt(0, rules);
  state = start(state, "probe", rules, 300_000).state;
  assert.equal(
    after(
      times(50, () => good),
      state,
      () => "another",
    ).state.mode,
    "degraded",
  );
});

test("runs that try and never end are given up", () => {
  let state = degradedAt(0, rules);
  for (let index = 0; index < 5; index++) state = start(state, `lost-${index}`, rules, 300_000).state;
  assert.equal(start(state, "next", rules, 599_999).isNormal, false);
  assert.equal(start(state, "next", rules, 600_000).isNormal, true);
});
