import assert from "node:assert/strict";
import { test } from "node:test";
import { StaleAppend } from "../journal/index.ts";
import { type RecordedOutcome, type RecordedRun, recordRun } from "./recorded.ts";
import { assertSound, dataOf, document, publish, setup, value, watchCommits } from "./testing.ts";
import { viewRun } from "./view.ts";

async function recorded(outcome: RecordedOutcome) {
  const bundle = setup();
  const release = await publish(bundle, document([value("a", 1)]));
  const beganAt = bundle.clock.now();
  bundle.clock.advance(700);
  const commits = watchCommits(bundle);
  const step = { path: "answer", kind: "now", attempts: 2 };
  const run: RecordedRun = {
    id: "mine",
    release,
    input: { text: "hi" },
    tags: { tenant: "t" },
    actor: "local",
    beganAt,
    step,
    outcome,
  };
  await recordRun(bundle.journal, run);
  return { bundle, run, commits, view: viewRun("mine", await bundle.journal.read("run/mine")) };
}

test("a run that was over is recorded in one commit, with the time that it took and what it cost", async () => {
  const fact = { stream: "budget/b", type: "budget.charged", data: { usd: 0.5 } };
  const result = { value: "hello", cost: 0.5 };
  const { bundle, commits, view } = await recorded({
    status: "completed",
    result,
    output: "hello",
    trace: { cache: "off" },
    facts: [fact],
  });
  assert.equal(commits.length, 1);
  assert.deepEqual(
    [view.status, view.output, view.costUsd, (view.endedAt ?? 0) - view.startedAt],
    ["completed", "hello", 0.5, 700],
  );
  const [step] = view.steps;
  assert.deepEqual(
    [step?.path, step?.status, step?.attempts, step?.result],
    ["answer", "completed", 2, result],
  );
  assert.deepEqual((await bundle.journal.read("budget/b"))[0]?.data, fact.data);
  const row = bundle.control.run("mine");
  assert.deepEqual([row?.status, row?.startedAt, row?.tags], ["completed", view.startedAt, '{"tenant":"t"}']);
  assert.deepEqual(bundle.control.runningRuns(), []);
  await assertSound(bundle);
});

test("one that failed, or that was given up, says so; nothing of it is taken up again", async () => {
  const error = { code: "MODEL_TIMEOUT", message: "too late" };
  const failed = await recorded({ status: "failed", error });
  assert.deepEqual([failed.view.status, failed.view.error], ["failed", error]);
  assert.equal(failed.view.steps[0]?.status, "failed");
  const cancelled = await recorded({ status: "cancelled", by: "client", reason: "it hung up" });
  assert.deepEqual([cancelled.view.status, cancelled.view.steps.length], ["cancelled", 0]);
  for (const { bundle } of [failed, cancelled]) {
    bundle.executor.recover();
    assert.equal(bundle.executor.isIdle, true);
    await assertSound(bundle);
  }
});

test("what was spent on one that failed is in its row as in its steps", async () => {
  const error = { code: "MODEL_ANSWER_CUT", message: "cut", costUsd: 0.25 };
  const { bundle, view } = await recorded({ status: "failed", error });
  const { costUsd } = dataOf(await bundle.journal.read("run/mine"), "run.failed");
  assert.deepEqual([view.costUsd, costUsd, bundle.control.run("mine")?.costUsd], [0.25, 0.25, 0.25]);
});

test("the same run is recorded once", async () => {
  const { bundle, run } = await recorded({ status: "cancelled", by: "client", reason: "it hung up" });
  await assert.rejects(recordRun(bundle.journal, run), StaleAppend);
});
