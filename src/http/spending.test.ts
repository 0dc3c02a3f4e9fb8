import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Json, ManualClock } from "../core/base/index.ts";
import { applyRetention, type Release } from "../core/executor/index.ts";
import { type Engine, openEngine } from "../engine.ts";
import { completion, type FakeProvider, fakeProvider, respond } from "../models/gateway/testing.ts";
import { createApp } from "./index.ts";
import { doctorReport } from "./journal/doctor.ts";

// Budgets and costs as somebody sees them who uses the whole of it: settings, workflows, a provider that
// bills, and the API.

const workflows = {
  ask: `workflow: ask
input: { type: object }
steps: [{ id: a, on_failure: fail, inference: { route: main, prompt: { text: "{{ input.text }}" } } }]
`,
  thrifty: `workflow: thrifty
budget: $0.0015
steps:
  - id: again
    loop:
      max: 100
      steps: [{ id: a, on_failure: fail, inference: { model: big, prompt: { text: hi }, settings: { max_tokens: 50 } } }]
`,
};

const settingsOf = (url: string, budgets: string) => `providers:
  house: { type: openai-compatible, url: "${url}" }
models:
  cut: { provider: house, name: cut, price: { input: $1/M, output: $10/M }, max_output_tokens: 50 }
  big: { provider: house, name: big, price: { input: $1/M, output: $10/M }, max_output_tokens: 50 }
  free: { provider: sim, price: { input: $0/M, output: $0/M } }
routes:
  main: { try: [cut, big] }
budgets:
${budgets}
`;

const dayMs = 86_400_000;

/** Of the provider's 100 tokens read and 20 written, at the prices above. */
const callUsd = 100e-6 + 200e-6;

interface Bench {
  readonly engine: Engine;
  readonly provider: FakeProvider;
  get(path: string): Promise<Record<string, Json>>;
  run(name: string, text?: string, tags?: Record<string, string>): Promise<Record<string, Json>>;
  /** The engine is opened once more on the same folder, so many days later. */
  reopened(days?: number): Promise<Bench>;
}

async function setup(t: TestContext, budgets: string): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "flyball-spending-"));
  const provider = await fakeProvider(({ body }, response) => {
    const reason = { index: 0, message: { role: "assistant", content: "x" }, finish_reason: "length" };
    respond(response, 200, completion("x", body.model === "cut" ? { choices: [reason] } : {}));
  });
  writeFileSync(join(folder, "flyball.yaml"), settingsOf(provider.url, budgets));
  for (const [name, text] of Object.entries(workflows)) writeFileSync(join(folder, `${name}.yaml`), text);
  t.after(async () => {
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return open(t, { folder, provider, clock: new ManualClock(Date.UTC(2026, 10, 25, 12)) });
}

async function open(
  t: TestContext,
  { folder, provider, clock }: { folder: string; provider: FakeProvider; clock: ManualClock },
): Promise<Bench> {
  const engine = await openEngine({ home: join(folder, "home"), clock });
  const served = new Map<string, Release>();
  for (const name of Object.keys(workflows))
    served.set(name, (await engine.open(join(folder, `${name}.yaml`))).release);
  await engine.keepBudgets(engine.project(folder));
  let isOpen = true;
  const close = async () => {
    if (isOpen) await engine.close(0);
    isOpen = false;
  };
  t.after(close);
  const app = createApp({ engine, isLocal: true });
  const get = async (path: string) => (await (await app.request(path)).json()) as Record<string, Json>;
  return {
    engine,
    provider,
    get,
    async run(name, text = "hi", tags = {}) {
      const release = served.get(name);
      assert.ok(release);
      const id = await engine.executor.start({ release, input: { text }, tags });
      await engine.executor.settled(id);
      return get(`/v1/runs/${id}`);
    },
    async reopened(days = 0) {
      await close();
      return open(t, { folder, provider, clock: new ManualClock(clock.now() + days * dayMs) });
    },
  };
}

const near = (value: Json | undefined, expected: number) =>
  assert.ok(Math.abs(Number(value) - expected) < 2e-9, `${value} is not ${expected}`);

test("a call that failed and was billed counts to its run, its tenant and the budget", async (t) => {
  const { run, get, engine } = await setup(
    t,
    "  - { name: tenants, by: tenant, limit: $1, period: month, alert_at: [50%] }",
  );
  const { status, cost } = await run("ask", "hi", { tenant: "acme", feature: "chat" });
  assert.equal(status, "completed");
  near(cost, 2 * callUsd);
  const { items } = await get("/v1/budgets");
  const [item] = items as Record<string, Json>[];
  near(item?.spent, 2 * callUsd);
  const { spent: _, ...others } = item ?? {};
  assert.deepEqual(others, {
    name: "tenants",
    by: "tenant",
    key: "acme",
    period: "2026-11",
    unit: "usd",
    limit: 1,
    reserved: 0,
    action: "block",
    status: "ok",
    resetsAt: "2026-12-01T00:00:00.000Z",
  });
  for (const [by, key] of [
    ["workflow", "ask"],
    ["tenant", "acme"],
    ["feature", "chat"],
    ["day", "2026-11-25"],
  ] as const) {
    const costs = (await get(`/v1/costs?by=${by}`)).items as Record<string, Json>[];
    assert.deepEqual([costs.length, costs[0]?.key, costs[0]?.calls, costs[0]?.unpriced], [1, key, 2, 0]);
    near(costs[0]?.cost, 2 * callUsd);
    assert.deepEqual(costs[0]?.tokens, { input: 120, cached: 80, cacheWrite: 0, output: 30, reasoning: 10 });
  }
  const models = (await get("/v1/costs?by=model")).items as Record<string, Json>[];
  assert.deepEqual(models.map(({ key }) => key).sort(), ["house/big", "house/cut"]);
  const { items: none } = await get("/v1/costs?by=model&from=2026-11-26&to=2026-11-30");
  assert.deepEqual(none, []);
  assert.deepEqual((await doctorReport(engine)).disagreements, []);
});

test("under a budget, the answer has a bound that the provider is told", async (t) => {
  const { run, provider, get } = await setup(t, "  - { name: all, limit: $1, period: day }");
  const { runId } = await run("ask");
  assert.deepEqual(
    provider.seen.map(({ body }) => body.max_tokens),
    [50, 50],
  );
  const { parameters, versions } = await get(`/v1/runs/${runId}/steps/a`);
  assert.equal(Object(parameters).maxTokens, 50);
  assert.match(Object(versions).price.digest, /^[0-9a-f]{12}$/);
});

test("a spent budget refuses a run with 402, and asks no provider", async (t) => {
  const { run, provider, get } = await setup(t, "  - { name: all, limit: $0.0005, period: day }");
  const { status, error } = await run("ask");
  assert.deepEqual([status, Object(error).code], ["failed", "BUDGET_EXCEEDED"]);
  assert.equal(provider.seen.length, 0);
  const [item] = (await get("/v1/budgets")).items as Record<string, Json>[];
  assert.deepEqual([item?.status, item?.spent, item?.reserved], ["exceeded", 0, 0]);
});

test("a failed run has the cost of what failed, also when it is looked at again", async (t) => {
  const { run, reopened } = await setup(t, "  - { name: calls, limit: 1 calls, period: day }");
  const { runId, status, cost } = await run("ask");
  assert.equal(status, "failed", "the second candidate has no room");
  near(cost, callUsd);
  const again = await reopened();
  near((await again.get(`/v1/runs/${runId}`)).cost, callUsd);
  const [item] = (await again.get("/v1/budgets")).items as Record<string, Json>[];
  assert.deepEqual([item?.unit, item?.spent], ["calls", 1]);
});

test("a loop that does not end by itself ends at the limit of its run", async (t) => {
  const { run, provider } = await setup(t, "  []");
  const { status, error, cost } = await run("thrifty");
  assert.deepEqual([status, Object(error).code], ["failed", "BUDGET_EXCEEDED"]);
  assert.match(Object(error).message, /The budget run for run/);
  assert.ok(Number(cost) <= 0.0015 && provider.seen.length > 1, `${cost} for ${provider.seen.length} calls`);
  near(cost, provider.seen.length * callUsd);
});

test("a spent budget gives the call to the model that it names, and says so", async (t) => {
  const budgets = "  - { name: soft, limit: $0.0005, period: day, then: downgrade, to: free }";
  const { run, provider, engine } = await setup(t, budgets);
  const { status, steps, runId } = await run("ask");
  const [step] = steps as { result: Record<string, Json> }[];
  assert.deepEqual([status, step?.result.model, step?.result.cost], ["completed", "free", 0]);
  assert.equal(provider.seen.length, 0);
  const events = await engine.journal.read(`budget/soft/2026-11-25`);
  assert.deepEqual(
    events.map(({ type, data }) => [type, data?.run]),
    [["budget.exceeded", runId]],
  );
});

test("a new engine knows what was spent; a budget that is gone from the settings holds no more", async (t) => {
  const first = await setup(t, "  - { name: all, limit: $0.0013, period: day }");
  assert.equal((await first.run("ask")).status, "completed");
  const again = await first.reopened();
  assert.equal((await again.run("ask")).status, "failed");
  await again.engine.ledger.declare([]);
  assert.equal((await again.run("ask")).status, "completed");
  assert.deepEqual((await again.get("/v1/budgets")).items, []);
});

test("retention lets go of periods that are long over, with their rows, and of a run its own", async (t) => {
  const budgets = "  - { name: all, limit: $1, period: day }";
  const first = await setup(t, budgets);
  await first.run("ask");
  const { runId } = await first.run("thrifty");
  const retention = { bodies: "10d", decisions: "10d" };
  const days = ({ engine: { control } }: Bench) => [
    control.spending.days(),
    control.spending.settledPeriods().map(({ period }) => period),
  ];
  const soon = await first.reopened(9);
  await applyRetention(soon.engine, retention);
  assert.deepEqual(days(soon), [["2026-11-25"], ["2026-11-25"]]);
  const late = await soon.reopened(2);
  await late.run("ask");
  await applyRetention(late.engine, retention);
  assert.deepEqual(days(late), [["2026-12-06"], ["2026-12-06"]]);
  const { journal, control } = late.engine;
  assert.equal(control.spending.use(`run/${runId}`), undefined);
  assert.deepEqual(await journal.streams("cost/"), ["cost/2026-12-06"]);
  assert.deepEqual(await journal.streams("budget/all/"), ["budget/all/2026-12-06"]);
  assert.deepEqual((await doctorReport(late.engine)).disagreements, []);
  assert.equal((await journal.verify()).ok, true);
});
