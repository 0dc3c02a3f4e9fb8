import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { ModelServerFailed, ModelUnreachable, SimulatedFailure } from "../errors.ts";
import { costOf } from "../price.ts";
import { gatewayProblems, gatewaySettings } from "../settings.ts";
import { gatewaySource } from "../source.ts";
import { callOf } from "../testing.ts";
import { mostOf } from "./estimate.ts";
import { outcomeOfFailure } from "./outcome.ts";
import { priceAt } from "./prices.ts";

const at = (text: string) => Date.parse(text);

const prices = { input: "$1/M", output: "$4/M", cached: "$0.1/M", cache_write: "$1.25/M", reasoning: "$5/M" };

const modelOf = (price: unknown) => {
  const settings = gatewaySettings.parse({
    providers: { house: { type: "openai-compatible", url: "http://127.0.0.1:1/v1" } },
    models: { small: { provider: "house", name: "s", price, max_output_tokens: 100 } },
  });
  return Object(gatewaySource({ settings, baseDir: "." }).find("model", "small")?.content);
};

test("every part of the tokens has its price, and what has none of its own that of what it is like", () => {
  const tokens = { input: 1e6, cached: 1e6, cacheWrite: 1e6, output: 1e6, reasoning: 1e6 };
  const all = priceAt(modelOf({ ...prices, image: "$0.5" }).price, 0)?.price;
  assert.ok(all);
  assert.equal(costOf(tokens, all, 2), 1 + 0.1 + 1.25 + 4 + 5 + 1);
  const few = priceAt(modelOf({ input: "$1/M", output: "$4/M" }).price, 0)?.price;
  assert.ok(few);
  assert.equal(costOf(tokens, few, 2), 1 + 1 + 1 + 4 + 4);
  const vectors = { input: 1e-6 };
  assert.equal(costOf({ ...tokens, output: 0, reasoning: 0 }, vectors, 0), 3);
  assert.equal(costOf(tokens, vectors, 0), null, "what has no price is not free");
});

test("a price may change from a day on; before the first there is none, and each has a version", () => {
  const { price } = modelOf([
    { from: "2026-01-01", ...prices },
    { from: "2026-07-01", ...prices, input: "$2/M" },
  ]);
  const of = (text: string) => priceAt(price, at(text));
  assert.equal(of("2025-12-31T23:59:59Z"), undefined);
  assert.equal(of("2026-06-30T23:59:59Z")?.price.input, 1e-6);
  assert.equal(of("2026-07-01T00:00:00Z")?.price.input, 2e-6);
  assert.match(of("2026-07-01T00:00:00Z")?.version ?? "", /^2026-07-01\/[0-9a-f]{12}$/);
  assert.notEqual(
    priceAt(modelOf(prices).price, 0)?.version,
    priceAt(modelOf({ ...prices, image: 1 }).price, 0)?.version,
  );
  const wrong = [
    { from: "2026-07-01", ...prices },
    { from: "2026-01-01", ...prices },
  ];
  assert.throws(() => modelOf(wrong), /later than the one before/);
});

test("the most that a call can use is never less than what any tokeniser makes of it", () => {
  const price = { input: 1e-6, output: 4e-6, cacheWrite: 2e-6 };
  const most = (call: Parameters<typeof callOf>[0], output = 100) => mostOf(callOf(call), output, price);
  const text = "Grüße 😀";
  const plain = most({ messages: [{ role: "user", content: text }] });
  assert.ok(plain.tokens >= Buffer.byteLength(text) + 100);
  assert.equal(plain.usd?.toFixed(9), ((plain.tokens - 100) * 2e-6 + 100 * 4e-6).toFixed(9));
  const seen = most({
    messages: [{ role: "user", content: [{ type: "image", url: "data:image/png;base64,AA" }] }],
  });
  assert.ok(seen.tokens > plain.tokens + 1_000, "an image is many tokens");
  const embedded = most({ messages: [], embed: [text, text] });
  assert.ok(embedded.tokens < plain.tokens, "vectors are no tokens that are written");
  assert.ok(most({ output: { type: "object", description: "x".repeat(500) } }).tokens > 600);
  assert.equal(mostOf(callOf(), 100, undefined).usd, null);
  assert.equal(mostOf(callOf(), 100, { input: 1e-6 }).usd, null);
});

test("what a failure tells about money: refused is free, broken off may have been billed", () => {
  const status = (code: number) => new ModelServerFailed("m", { status: code, retryAfterMs: null, said: "" });
  const type = (error: unknown) => outcomeOfFailure(error).type;
  assert.deepEqual(
    [500, 502, 503, 504].map((code) => type(status(code))),
    ["free", "unknown", "free", "unknown"],
  );
  assert.deepEqual(
    ["ECONNREFUSED", "ECONNRESET", "the connection broke off"].map((why) =>
      type(new ModelUnreachable("m", why)),
    ),
    ["free", "unknown", "unknown"],
  );
  assert.deepEqual([new SimulatedFailure("m"), new TypeError("?")].map(type), ["free", "unknown"]);
});

const budgetsOf = (budgets: unknown) => gatewaySettings.parse({ budgets }).budgets;

test("limits are money, tokens or calls", () => {
  const limitOf = (limit: unknown) => budgetsOf([{ name: "a", limit, period: "day" }])[0]?.limit;
  assert.deepEqual(limitOf("$50"), { unit: "usd", amount: 50 });
  assert.deepEqual(limitOf("1M tokens"), { unit: "tokens", amount: 1_000_000 });
  assert.deepEqual(limitOf("1.5k tokens"), { unit: "tokens", amount: 1_500 });
  assert.deepEqual(limitOf("1000 calls"), { unit: "calls", amount: 1_000 });
  for (const wrong of ["50", 50, "many", "0.5 calls", "-1 calls", "$99999999", "1M dollars"])
    assert.throws(() => limitOf(wrong), /a limit such as \$50, 1M tokens or 1000 calls/, String(wrong));
});

test("what does not belong together in a budget is told with its place", () => {
  const settings = gatewaySettings.parse(
    parse(`
models: { cheap: { provider: sim } }
budgets:
  - { name: a, limit: $1, period: day, then: downgrade }
  - { name: a, limit: $1, period: day, to: cheap }
  - { name: c, limit: $1, period: day, then: downgrade, to: cheep }
  - { name: d, limit: $1, period: day, by: run }
  - { name: e, limit: $1, period: week, then: downgrade, to: cheap, alert_at: [80%, 50%] }
`),
  );
  assert.deepEqual(
    gatewayProblems(settings).map(({ path, message }) => `${path.join(".")}: ${message}`),
    [
      "budgets.0.then: a downgrade needs `to`: the route or model that answers instead",
      "budgets.1.name: another budget has this name",
      "budgets.1.to: only `then: downgrade` has this",
      "budgets.2.to: leads to no route and no model; did you mean cheap?",
      "budgets.3.by: for each run, a workflow sets `budget: $0.05` itself",
    ],
  );
  for (const wrong of [{ name: "run" }, { name: "a/b" }, { period: "year" }, { alert_at: ["120%"] }])
    assert.throws(
      () => budgetsOf([{ name: "a", limit: "$1", period: "day", ...wrong }]),
      JSON.stringify(wrong),
    );
});
