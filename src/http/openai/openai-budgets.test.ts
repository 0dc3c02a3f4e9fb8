import assert from "node:assert/strict";
import { test } from "node:test";
import { APIError } from "openai";
import { setup } from "./testing.ts";

const ask = { model: "small", messages: [{ role: "user" as const, content: "hi" }], max_tokens: 100 };

test("spent money is 402 budget_exceeded, which the client does not try again, for whom it is spent", async (t) => {
  const { engine, client, provider } = await setup(t);
  await engine.ledger.declare([
    {
      name: "tenants",
      by: "tenant",
      unit: "usd",
      limit: 0.0003,
      period: "day",
      action: "block",
      alertAt: [],
      unpriced: "block",
    },
  ]);
  const as = (tenant: string) => ({ headers: { "x-flyball-tags": `tenant=${tenant},feature=chat` } });
  const asked = async (tenant: string) => client.chat.completions.create(ask, as(tenant)).withResponse();
  const { response } = await asked("a");
  assert.ok(Number(response.headers.get("x-flyball-cost")) > 0);
  const refusal = await refused(async () => {
    for (let call = 0; call < 20; call++) await asked("a");
  });
  assert.deepEqual([refusal.status, refusal.code], [402, "budget_exceeded"]);
  const requests = provider.requestCount();
  await refused(() => asked("a"));
  assert.equal(provider.requestCount(), requests, "the provider is not asked");
  await asked("b");
  const { spending } = engine.control;
  const today = { from: "2000-01-01", to: "2100-01-01", limit: 10 };
  assert.deepEqual(
    spending
      .costs({ by: "tenant", ...today })
      .map(({ key }) => key)
      .sort(),
    ["a", "b"],
  );
  const [chat] = spending.costs({ by: "feature", ...today });
  assert.deepEqual([chat?.key, chat?.calls], ["chat", requests + 1]);
});

async function refused(work: () => Promise<unknown>): Promise<APIError> {
  const error = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof APIError, String(error));
  return error;
}
