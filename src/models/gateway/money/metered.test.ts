import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { JsonObject } from "../../../core/base/index.ts";
import type { ModelCall } from "../model.ts";
import { callOf, completion, fakeProvider, gatewayOf, respond } from "../testing.ts";
import type { Budget } from "./budget.ts";
import { BudgetExceeded } from "./errors.ts";
import { books, budget, written } from "./testing.ts";

// The policies of money in the gateway as it is, in front of a provider over real HTTP.

const price = { input: "$1/M", output: "$10/M" };

async function setup(
  t: TestContext,
  budgets: readonly Budget[],
  answer: (n: number) => { status?: number; body: JsonObject },
) {
  const provider = await fakeProvider((_, response, index) => {
    const { status = 200, body } = answer(index);
    respond(response, status, body, status === 429 ? { "retry-after": "0" } : {});
  });
  t.after(() => provider.close());
  const one = books();
  await one.ledger.declare(budgets);
  const { gateway, assets } = gatewayOf(
    {
      providers: { house: { type: "openai-compatible", url: provider.url } },
      models: { small: { provider: "house", name: "s", price, max_output_tokens: 100 } },
    },
    { ledger: one.ledger, clock: one.clock },
  );
  const asset = assets.find("model", "small");
  assert.ok(asset);
  const ask = (changes: Partial<ModelCall> = {}) => gateway.modelOf(asset)(callOf(changes));
  const types = async () => (await one.events("budget/all/")).map(({ type }) => type);
  return { ...one, provider, ask, types };
}

const good = { body: Object(completion("yes")) as JsonObject };

test("a call under a budget needs one commit more than one under none, and its answer waits for no other", async (t) => {
  for (const [budgets, expected] of [
    [[], 1],
    [[budget({ name: "all" }), budget({ name: "calls", unit: "calls", limit: 9 })], 2],
  ] as const) {
    const { ask, disk, journal } = await setup(t, budgets, () => good);
    const before = disk.commits;
    await ask();
    // What the step records, in the turn in which it hears the answer.
    const event = { type: "step.completed", data: {} };
    await journal.append([{ stream: "run/run-1", expectedSeq: null, actor: "engine", events: [event] }]);
    assert.equal(disk.commits - before, expected, `with ${budgets.length} budgets`);
  }
});

test("each request of a repair is held back and paid by itself", async (t) => {
  const output = { type: "object", required: ["a"], properties: { a: { type: "integer" } } };
  const { ask, types } = await setup(t, [budget({ name: "all" })], (index) => ({
    body: Object(completion(index === 0 ? "no JSON" : '{"a":1}')),
  }));
  const reply = await ask({ output });
  assert.deepEqual(reply.value, { a: 1 });
  await written();
  assert.deepEqual(await types(), ["budget.reserved", "budget.settled", "budget.reserved", "budget.settled"]);
  assert.equal(reply.costUsd?.toFixed(6), (2 * (100e-6 + 20e-5)).toFixed(6));
});

test("a refused request is given back, and the error of an answer that cannot be used has its cost", async (t) => {
  const cut = { index: 0, message: { role: "assistant", content: "x" }, finish_reason: "length" };
  const { ask, types, events } = await setup(t, [budget({ name: "all" })], (index) =>
    index === 0 ? { status: 400, body: {} } : { body: Object(completion("x", { choices: [cut] })) },
  );
  await assert.rejects(ask(), (error) => Object(error).costUsd === 0);
  await assert.rejects(ask(), (error) => Math.abs(Object(error).costUsd - 300e-6) < 1e-9);
  await written();
  assert.deepEqual(await types(), [
    "budget.reserved",
    "budget.released",
    "budget.reserved",
    "budget.settled",
  ]);
  const charges = (await events("cost/")).map(({ data }) => [data?.failed, data?.usd]);
  assert.deepEqual(charges, [["MODEL_ANSWER_CUT", 0.0003]]);
});

test("a call that is cancelled while its reservation is written asks nobody, and gives it back", async (t) => {
  const { ask, provider, types } = await setup(t, [budget({ name: "all" })], () => good);
  const controller = new AbortController();
  const asked = ask({ signal: controller.signal });
  controller.abort();
  await assert.rejects(asked, { code: "MODEL_CALL_ABORTED" });
  await written();
  assert.equal(provider.seen.length, 0);
  assert.deepEqual(await types(), ["budget.reserved", "budget.released"]);
});

test("the answer and its charge say which version of the price was used, and whose call it was", async (t) => {
  const { ask, events } = await setup(t, [], () => good);
  const { price: version } = await ask({ tags: { tenant: "acme" } });
  await written();
  const [charge] = await events("cost/2026-11-25");
  assert.match(version ?? "", /^[0-9a-f]{12}$/);
  assert.deepEqual(charge?.data, {
    run: "run-1",
    path: "draft",
    workflow: "test",
    tenant: "acme",
    feature: "",
    model: "house/s",
    usd: 0.0003,
    tokens: { input: 60, cached: 40, output: 15, reasoning: 5 },
    price: version,
  });
});

test("a replay and a dry run take nothing of a budget", async (t) => {
  const { ask, types } = await setup(t, [budget({ name: "all", limit: 0 })], () => good);
  await assert.rejects(ask(), BudgetExceeded);
  await assert.rejects(ask({ effects: "denied" }), { code: "MODEL_CALL_DENIED" });
  await written();
  assert.deepEqual(await types(), ["budget.exceeded"]);
});
