import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Json, ManualClock } from "../../core/base/index.ts";
import { openEngine } from "../../engine.ts";
import { createApp } from "../index.ts";

const workflow = `workflow: triage
targets: { automated: 70%, accuracy: 95%, time_to_result_p50: 2s }
input: {}
steps:
  - { id: half, transform: { value: "{{ 10 // input.n }}" }, on_failure: fail }
  - id: ask
    human_review: { draft: "{{ half.value }}", when: "{{ input.ask }}" }
output: "{{ ask.value }}"
`;
/** A minute before midnight. */
const startsAt = Date.UTC(2026, 10, 24, 23, 59);

async function setup(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "flyball-metrics-"));
  writeFileSync(join(folder, "triage.yaml"), workflow);
  const clock = new ManualClock(startsAt);
  const engine = await openEngine({ home: join(folder, "home"), clock });
  await engine.open(join(folder, "triage.yaml"));
  t.after(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const app = createApp({ engine, isLocal: true });
  const get = async (path: string) => {
    const answer = await app.request(path);
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  };
  const run = async (input: Json, more: { expected?: Json; tags?: Record<string, string> } = {}) => {
    const id = await engine.start("triage", { input, ...more });
    await engine.executor.settled(id);
    return id;
  };
  const decide = async (id: string) => {
    const [review] = engine.control.reviews({ status: "open", run: id, limit: 1 });
    await engine.decide(String(review?.id), { decision: "approve", reviewer: "ada" });
    await engine.executor.settled(id);
  };
  return { engine, clock, get, run, decide };
}

test("a workflow's figures stand beside its targets, for the window and for each day", async (t) => {
  const { clock, get, run, decide } = await setup(t);
  await run({ n: 5, ask: false }, { expected: 2 });
  clock.advance(60_000);
  await run({ n: 5, ask: false }, { expected: 3 });
  await run({ n: 0, ask: false });
  const asked = await run({ n: 2, ask: true });
  clock.advance(120_000);
  await decide(asked);
  await run({ n: 1, ask: true });
  const { body } = await get("/v1/workflows/triage/metrics?window=2d");
  assert.deepEqual(body.targets, { automated: 0.7, accuracy: 0.95, timeToResultP50Ms: 2_000 });
  assert.deepEqual([body.from, body.to], ["2026-11-24", "2026-11-25"]);
  const { actual, days } = body;
  assert.deepEqual(actual.status, { completed: 3, failed: 1, waiting: 1 });
  assert.equal(actual.automated, 2 / 5);
  assert.deepEqual(actual.accuracy, { share: 0.5, n: 2, from: "expected" });
  assert.deepEqual([actual.timeToResultP50Ms, actual.timeToResultP95Ms], [0, 120_000]);
  assert.deepEqual([actual.reviews, actual.reviewMinutesMean], [1, 2 / 5]);
  assert.equal(actual.errorRate, 1 / 5);
  assert.deepEqual(body.errors, [{ reason: "EXPRESSION_FAILED", count: 1 }]);
  assert.deepEqual(
    days.map(({ day, runs, automated }: Record<string, Json>) => [day, runs, automated]),
    [
      ["2026-11-24", 1, 1],
      ["2026-11-25", 4, 1 / 4],
    ],
  );
  assert.equal(body.isComplete, true);
});

test("a day is counted anew when something may have changed, and a past one seldom", async (t) => {
  const { clock, get, run, engine } = await setup(t);
  const runs = async () =>
    (await get("/v1/workflows/triage/metrics?window=2d")).body.days
      .map(Object)
      .map(({ runs }: { runs: number }) => runs);
  const first = await run({ n: 5, ask: false });
  clock.advance(60_000);
  await run({ n: 5, ask: false });
  assert.deepEqual(await runs(), [1, 1]);
  await run({ n: 5, ask: false });
  assert.deepEqual(await runs(), [1, 1]);
  await engine.score(first, { name: "accuracy", value: 0.25, source: "user", by: "ada" });
  clock.advance(5_000);
  assert.deepEqual(await runs(), [1, 2]);
  clock.advance(600_000);
  const { body } = await get("/v1/workflows/triage/metrics?window=2d");
  assert.deepEqual(body.days[0].accuracy, { share: 0.25, n: 1, from: "scores" });
});

test("a window is one day to ninety; a workflow that is not there is told", async (t) => {
  const { get } = await setup(t);
  for (const window of ["0s", "91d", "soon"])
    assert.equal((await get(`/v1/workflows/triage/metrics?window=${window}`)).status, 400, window);
  assert.equal((await get("/v1/workflows/nobody/metrics")).status, 404);
  const { body } = await get("/v1/workflows/triage/metrics?window=90d");
  assert.equal(body.days.length, 90);
  assert.deepEqual([body.actual.runs, body.actual.automated, body.actual.accuracy], [0, null, null]);
});

test("runs are found by tag, text, cost and time, each page after the one before", async (t) => {
  const { clock, get, run } = await setup(t);
  const acme = await run({ n: 5, ask: false }, { tags: { tenant: "acme", note: 'a "b"' } });
  clock.advance(60_000);
  const failed = await run({ n: 0, ask: false }, { tags: { tenant: "other" } });
  const found = async (query: string) => {
    const { status, body } = await get(`/v1/runs?${query}`);
    return status === 200 ? body.items.map(({ runId }: { runId: string }) => runId) : [status, body.code];
  };
  assert.deepEqual(await found("tag=tenant=acme"), [acme]);
  assert.deepEqual(await found(`tag=tenant=acme&tag=${encodeURIComponent('note=a "b"')}`), [acme]);
  assert.deepEqual(await found("tag=tenant=acme&tag=note=c"), []);
  assert.deepEqual(await found("q=EXPRESSION"), [failed]);
  assert.deepEqual(await found(`q=${acme}`), [acme]);
  assert.deepEqual(await found("costMin=0&limit=1"), [failed]);
  assert.deepEqual(await found(`costMin=0&limit=1&cursor=${failed}`), [acme]);
  assert.deepEqual(await found("costMin=0.01"), []);
  assert.deepEqual(await found("from=2026-11-25T00:00:00Z"), [failed]);
  assert.deepEqual(await found("from=2026-11-24&to=2026-11-25T00:59:30%2B01:00"), [acme]);
  for (const wrong of ["tag=tenant", "from=yesterday", "costMin=cheap"])
    assert.deepEqual(await found(wrong), [400, "REQUEST_INVALID"], wrong);
});

test("a list of reviews tells what each is about, and why a person is asked", async (t) => {
  const { get, run } = await setup(t);
  await run({ n: 2, ask: true });
  const { body } = await get("/v1/reviews?status=open");
  const [{ gist, reason, confidence }] = body.items;
  assert.deepEqual({ gist, reason, confidence }, { gist: "5", reason: "rule", confidence: null });
});
