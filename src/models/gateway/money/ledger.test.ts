import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../core/base/index.ts";
import { ModelRateLimited, ModelTimeout } from "../errors.ts";
import { BudgetExceeded, ModelUnpriced } from "./errors.ts";
import type { Hold, SpendRequest } from "./ledger.ts";
import { outcomeOfFailure } from "./outcome.ts";
import { type Books, books, budget, request, written } from "./testing.ts";

const tokens = (output: number) => ({ input: 0, cached: 0, output, reasoning: 0 });
const cost = (usd: number) => ({ type: "done", usd, tokens: tokens(10) }) as const;

async function reserved(books: Books, asked: SpendRequest): Promise<Hold> {
  const hold = await books.ledger.reserve(asked);
  assert.ok(hold, "no budget applied");
  return hold;
}

const use = ({ control }: Books, id = "house/2026-11-25/") => {
  const { reserved = 0, spent = 0 } = control.spending.use(id) ?? {};
  return [reserved / 1e9, spent / 1e9];
};

const dataOf = async (books: Books, type: string): Promise<readonly (JsonObject | null)[]> =>
  (await books.events("budget/")).filter((event) => event.type === type).map(({ data }) => data);

test("without a budget that applies, nothing is reserved and nothing is awaited", async () => {
  const one = books();
  assert.equal(one.ledger.reserve(request(1)), undefined);
  await one.ledger.declare([budget({ unit: "usd" })]);
  assert.equal(one.ledger.reserve(request(0)), undefined, "what costs nothing takes nothing");
  assert.equal((await one.events("budget/house/")).length, 0);
});

test("of calls at once, only those that fit are let through, and the room of a settled one is free again", async () => {
  const one = books();
  await one.ledger.declare([budget({ limit: 1 })]);
  const asked = Array.from({ length: 200 }, async () => one.ledger.reserve(request(0.1)));
  const outcomes = await Promise.allSettled(asked);
  const holds = outcomes.flatMap((each) => (each.status === "fulfilled" && each.value ? [each.value] : []));
  const refusals = outcomes.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
  assert.equal(holds.length, 10);
  assert.ok(refusals.every((error) => error instanceof BudgetExceeded && error.retry === null));
  assert.deepEqual(use(one), [1, 0]);
  one.ledger.settle(holds[0], cost(0.04), undefined);
  await assert.rejects(async () => one.ledger.reserve(request(0.07)), BudgetExceeded);
  await reserved(one, request(0.06));
  await written();
  assert.deepEqual(use(one), [0.96, 0.04]);
});

test("a reservation is on disk before the call; on a full disk it is none", async () => {
  const one = books();
  await one.ledger.declare([budget()]);
  one.disk.isFull = true;
  await assert.rejects(async () => one.ledger.reserve(request(0.9)), { code: "DISK_FULL" });
  one.disk.isFull = false;
  const hold = await reserved(one, request(0.9));
  assert.deepEqual((await dataOf(one, "budget.reserved"))[0], {
    key: "",
    period: "2026-11-25",
    id: hold.id,
    unit: "usd",
    reserved: 0.9,
    run: "run-1",
    path: "draft",
  });
});

test("what a full disk does not take of a settlement is written once there is room, and counts meanwhile", async () => {
  const one = books();
  await one.ledger.declare([budget()]);
  const hold = await reserved(one, request(0.9));
  one.disk.isFull = true;
  one.ledger.settle(hold, cost(0.8), undefined);
  await written();
  await assert.rejects(async () => one.ledger.reserve(request(0.3)), BudgetExceeded);
  one.disk.isFull = false;
  assert.deepEqual(use(one), [0.9, 0]);
  await one.ledger.settleLost();
  await written();
  assert.deepEqual(use(one), [0, 0.8]);
});

test("each value of a tag has a limit of its own, and those without it share one", async () => {
  const one = books();
  await one.ledger.declare([budget({ by: "tenant" })]);
  for (const tags of [{ tenant: "a" }, { tenant: "b" }, {}] as const) {
    await reserved(one, request(0.9, { tags }));
    await assert.rejects(async () => one.ledger.reserve(request(0.2, { tags })), BudgetExceeded);
  }
  assert.deepEqual(use(one, "house/2026-11-25/a"), [0.9, 0]);
});

test("budgets by workflow, route and model, of tokens and calls; a call takes of all or of none", async () => {
  const one = books();
  await one.ledger.declare([
    budget({ name: "w", by: "workflow", unit: "calls", limit: 2 }),
    budget({ name: "r", by: "route", unit: "tokens", limit: 250 }),
    budget({ name: "m", by: "model", limit: 0.1 }),
  ]);
  await reserved(one, request(0.06));
  // The model has no room for it: neither the workflow nor the route may have lost any.
  await assert.rejects(
    async () => one.ledger.reserve(request(0.06)),
    /The budget m for model "house\/small"/,
  );
  await reserved(one, request(0.06, { model: "house/other" }));
  await assert.rejects(async () => one.ledger.reserve(request(0, { model: "x" })), /The budget w/);
  await assert.rejects(
    async () => one.ledger.reserve(request(0, { workflow: "v" })),
    /The budget r .*100 tokens/,
  );
});

test("a period ends, and a budget begins anew; a late settlement stays in its own", async () => {
  const one = books();
  await one.ledger.declare([budget({ name: "d" }), budget({ name: "t", period: "total", limit: 1.5 })]);
  const hold = await reserved(one, request(0.9));
  await assert.rejects(async () => one.ledger.reserve(request(0.2)), /anew at 2026-11-26T00:00:00.000Z/);
  one.clock.advance(12 * 3_600_000);
  await reserved(one, request(0.5));
  one.ledger.settle(hold, cost(0.9), undefined);
  await written();
  assert.deepEqual(use(one, "d/2026-11-25/"), [0, 0.9]);
  assert.deepEqual(use(one, "d/2026-11-26/"), [0.5, 0]);
  assert.deepEqual(use(one, "t/total/"), [0.5, 0.9]);
});

test("a limit of a run is its own, and takes part with the others", async () => {
  const one = books();
  const hold = await reserved(one, request(0.04, { runLimitUsd: 0.05 }));
  await assert.rejects(
    async () => one.ledger.reserve(request(0.02, { runLimitUsd: 0.05 })),
    /The budget run/,
  );
  await reserved(one, request(0.02, { run: "run-2", runLimitUsd: 0.05 }));
  one.ledger.settle(hold, cost(0.04), undefined);
  await written();
  assert.deepEqual(use(one, "run/run-1"), [0, 0.04]);
  assert.deepEqual(
    (await one.events("budget/run/run-1")).map(({ type }) => type),
    ["budget.reserved", "budget.exceeded", "budget.settled"],
  );
});

test("what was refused is given back; of what nobody knows, all is counted", async () => {
  const one = books();
  await one.ledger.declare([budget()]);
  const refused = await reserved(one, request(0.3));
  const lost = await reserved(one, request(0.3));
  one.ledger.settle(refused, outcomeOfFailure(new ModelRateLimited("m", null, "")), undefined);
  one.ledger.settle(lost, outcomeOfFailure(new ModelTimeout("m", 1)), undefined);
  await written();
  assert.deepEqual(use(one), [0, 0.3]);
  assert.equal((await dataOf(one, "budget.released")).length, 1);
});

test("a provider that bills more than the most is reported, and all of it counts", async () => {
  const one = books();
  await one.ledger.declare([budget()]);
  const hold = await reserved(one, request(0.5));
  one.ledger.settle(hold, cost(0.7), undefined);
  await written();
  assert.deepEqual(use(one), [0, 0.7]);
  const [overrun] = await dataOf(one, "budget.overrun");
  assert.deepEqual([overrun?.reserved, overrun?.spent], [0.5, 0.7]);
});

test("somebody is told at each share of the limit once, and once that it was exceeded, also after a restart", async () => {
  let one = books();
  await one.ledger.declare([budget({ alertAt: [0.5, 0.8] })]);
  const spend = async (usd: number) => {
    one.ledger.settle(await reserved(one, request(usd)), cost(usd), undefined);
    await written();
  };
  for (const usd of [0.4, 0.2]) await spend(usd);
  one = one.restarted();
  for (const usd of [0.1, 0.2]) await spend(usd);
  for (let again = 0; again < 2; again++) {
    await assert.rejects(async () => one.ledger.reserve(request(0.5)), BudgetExceeded);
    await written();
    one = one.restarted();
  }
  assert.deepEqual(
    (await dataOf(one, "budget.alerted")).map((data) => data?.share),
    [0.5, 0.8],
  );
  assert.equal((await dataOf(one, "budget.exceeded")).length, 1);
});

test("a budget that only alerts lets the call through, and so does one that has passed it on already", async () => {
  const one = books();
  await one.ledger.declare([
    budget({ name: "soft", action: "alert", limit: 0.1 }),
    budget({ name: "cheap", action: "downgrade", limit: 0.1 }),
  ]);
  await assert.rejects(async () => one.ledger.reserve(request(0.2)), BudgetExceeded);
  await reserved(one, request(0.2, { past: ["cheap"] }));
  assert.deepEqual(use(one, "soft/2026-11-25/"), [0.2, 0]);
  assert.deepEqual(use(one, "cheap/2026-11-25/"), [0.2, 0]);
});

test("a model without a price is refused under a budget of money, unless the budget says otherwise", async () => {
  const one = books();
  await one.ledger.declare([budget()]);
  await assert.rejects(async () => one.ledger.reserve(request(null)), ModelUnpriced);
  await one.ledger.declare([budget({ unpriced: "allow" })]);
  assert.equal(one.ledger.reserve(request(null)), undefined);
  await one.ledger.declare([budget({ unit: "tokens", limit: 100 })]);
  await reserved(one, request(null));
});

test("what an ended process had reserved is spent in full, within five minutes, and no call is lost meanwhile", async () => {
  const before = books();
  await before.ledger.declare([budget({ limit: 1 })]);
  for (let call = 0; call < 3; call++) await reserved(before, request(0.3));
  const after = before.restarted();
  await assert.rejects(async () => after.ledger.reserve(request(0.2)), BudgetExceeded);
  const own = await reserved(after, request(0.1));
  await after.ledger.settleLost();
  assert.deepEqual(use(after), [0.1, 0.9]);
  after.ledger.settle(own, cost(0.05), undefined);
  await written();
  assert.deepEqual(use(after), [0, 0.95]);
  assert.equal(after.control.spending.reservations().length, 0);
  await assert.rejects(async () => after.ledger.reserve(request(0.06)), BudgetExceeded);
  await reserved(after, request(0.05));
});

test("what an ended process had reserved is settled once, and counted once, whoever looks meanwhile", async () => {
  const before = books();
  await before.ledger.declare([budget({ limit: 1 })]);
  for (let call = 0; call < 3; call++) await reserved(before, request(0.3));
  const after = before.restarted();
  after.disk.isFull = true;
  await assert.rejects(after.ledger.settleLost(), { code: "DISK_FULL" });
  after.disk.isFull = false;
  // Of one commit with the settlements: its caller hears of it first, and looks at the store anew.
  const room = before.journal.append([]).then(() => after.ledger.reserve(request(0.1)));
  await Promise.all([after.ledger.settleLost(), after.ledger.settleLost(), room]);
  assert.equal((await dataOf(after, "budget.settled")).length, 3);
  assert.deepEqual(use(after), [0.1, 0.9]);
  await assert.rejects(async () => after.ledger.reserve(request(0.01)), /0\.9 are spent and \$0\.1 reserved/);
});

test("budgets hold as they were declared last, also after a restart; what was taken stays taken", async () => {
  let one = books();
  await one.ledger.declare([budget({ limit: 1 }), budget({ name: "other" })]);
  one.ledger.settle(await reserved(one, request(0.9)), cost(0.9), undefined);
  await written();
  await one.ledger.declare([budget({ limit: 2 })]);
  await one.ledger.declare([budget({ limit: 2 })]);
  one = one.restarted();
  assert.deepEqual(one.ledger.budgets, [budget({ limit: 2 })]);
  await assert.rejects(async () => one.ledger.reserve(request(1.2)), BudgetExceeded);
  await reserved(one, request(1.1));
  assert.deepEqual(
    (await one.events("budget/"))
      .map(({ stream, type }) => `${stream} ${type}`)
      .filter((each) => !each.includes("2026")),
    [
      "budget/house budget.declared",
      "budget/other budget.declared",
      "budget/house budget.declared",
      "budget/other budget.withdrawn",
    ],
  );
});

test("sums are exact: a thousand tenths are a hundred", async () => {
  const one = books();
  await one.ledger.declare([budget({ limit: 100 })]);
  for (let call = 0; call < 1_000; call++)
    one.ledger.settle(await reserved(one, request(0.1)), cost(0.1), undefined);
  await written();
  assert.deepEqual(use(one), [0, 100]);
});
