import assert from "node:assert/strict";
import { test } from "node:test";
import type { KindDocument, RetryPolicy } from "../workflow/index.ts";
import {
  assertSound,
  type Bundle,
  call,
  dataOf,
  ending,
  letTimePass,
  Outage,
  restart,
  run,
  settle,
  setup,
  start,
  value,
} from "./testing.ts";
import { viewRun } from "./view.ts";

// What a run has cost: its results, and attempts that failed and were paid for all the same. It is the same
// when the run is taken up by another process, and when somebody looks at it.

const retry: RetryPolicy = { attempts: 2, backoffMs: 5_000, factor: 1, maxMs: 5_000, on: ["server"] };
const once: RetryPolicy = { ...retry, attempts: 1 };

/** An attempt that was paid for although it failed. */
function paid(usd: number): Outage {
  const error = new Outage();
  error.costUsd = usd;
  return error;
}

function failingAtACost(bundle: Bundle, name: string, times: number, usd: number): void {
  let failures = 0;
  bundle.world.on(name, () => {
    if (failures++ < times) throw paid(usd);
    return { result: { value: name, cost: 1 } };
  });
}

const fallback: KindDocument = { kind: "call", config: { do: "second" } };

async function costs(bundle: Bundle, id: string, end: string) {
  const events = await bundle.journal.read(`run/${id}`);
  const recorded = dataOf(events, end).costUsd;
  return [Number(Number(recorded).toFixed(6)), Number(viewRun(id, events).costUsd.toFixed(6))];
}

test("attempts that failed and were paid for count to the run, also those before a fallback and a restart", async () => {
  const first = setup();
  failingAtACost(first, "first", 99, 0.1);
  failingAtACost(first, "second", 1, 0.01);
  const id = await start(first, [call("a", "first", 1, { retry, fallback }), value("b", 1)]);
  await first.world.called("first", 1);
  await settle(first, id);
  const bundle = restart(first);
  await letTimePass(bundle, id);
  const { status } = await ending(bundle, id);
  assert.equal(status, "completed");
  assert.deepEqual(await costs(bundle, id, "run.completed"), [1.21, 1.21]);
  await assertSound(bundle);
});

test("a run that fails in its fallback has the cost of both, with all four attempts of the fallback", async () => {
  const bundle = setup();
  failingAtACost(bundle, "first", 99, 0.1);
  failingAtACost(bundle, "second", 99, 0.01);
  const id = await start(bundle, [call("a", "first", 1, { retry: once, fallback, onFailure: "fail" })]);
  await letTimePass(bundle, id);
  const { status, events } = await ending(bundle, id);
  assert.equal(status, "failed");
  const { error, fallbackFor } = dataOf(events, "step.failed");
  assert.deepEqual([Object(error).costUsd, Object(fallbackFor).costUsd], [0.01, 0.1]);
  assert.deepEqual(await costs(bundle, id, "run.failed"), [0.14, 0.14]);
});

test("a fork does not pay again for what its source has paid", async () => {
  const bundle = setup();
  failingAtACost(bundle, "first", 1, 0.1);
  const steps = [call("m", "first", 1, { retry: once, onFailure: "fail" }), value("b", 1)];
  const { id, status } = await run(bundle, steps);
  assert.equal(status, "failed");
  const forked = await bundle.executor.restart({ of: id, from: "m" });
  const { status: end } = await ending(bundle, forked);
  assert.equal(end, "completed");
  assert.deepEqual(await costs(bundle, forked, "run.completed"), [1, 1]);
});
