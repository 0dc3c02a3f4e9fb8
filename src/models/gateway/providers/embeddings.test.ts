import assert from "node:assert/strict";
import { test } from "node:test";
import { embedBytesPerRequestMax, embedTextsPerRequestMax } from "../limits.ts";
import { withProviders } from "../testing/providers.ts";
import { callOf, gatewayOf } from "../testing.ts";
import { batchesOf } from "./embed-batches.ts";

const texts = Array.from({ length: 2 * embedTextsPerRequestMax + 10 }, (_, index) => `text ${index % 200}`);

for (const name of ["openai", "google", "house"] as const)
  test(`${name}: a long list goes in portions that the provider takes, and comes back in order`, () =>
    withProviders(
      () => ({ tokens: { input: 7, cached: 0, output: 0, reasoning: 0 } }),
      async ({ ask, provider }) => {
        const reply = await ask(name, { messages: [], embed: texts });
        assert.ok(Array.isArray(reply.value));
        assert.equal(reply.value.length, texts.length);
        assert.deepEqual(reply.value[200], reply.value[0]);
        assert.notDeepEqual(reply.value[1], reply.value[0]);
        assert.equal(provider.requestCount(), 3);
        const keys = provider.seen.map(({ headers }) => headers["idempotency-key"]);
        assert.equal(new Set(keys).size, 3, "each portion has a key of its own");
        // Google does not say what it has read.
        assert.equal(reply.tokens?.input, name === "google" ? undefined : 21);
      },
    ));

test("a single text has a vector too, and no text has none", () =>
  withProviders(
    () => ({}),
    async ({ ask, provider }) => {
      for (const name of ["openai", "google", "house"] as const) {
        const { value } = await ask(name, { messages: [], embed: ["one"] });
        assert.ok(Array.isArray(value) && value.length === 1);
      }
      assert.deepEqual((await ask("openai", { messages: [], embed: [] })).value, []);
      assert.equal(provider.requestCount(), 3);
    },
  ));

test("who has no vectors says so", () =>
  withProviders(
    () => ({}),
    async ({ refused, provider }) => {
      const error = await refused("anthropic", { messages: [], embed: ["one"] });
      assert.deepEqual([error.code, error.retry], ["MODEL_LACKS_ABILITY", null]);
      assert.equal(provider.requestCount(), 0);
      const { gateway, assets } = gatewayOf({});
      const local = assets.find("model", "local/extractive");
      assert.ok(local);
      await assert.rejects(gateway.modelOf(local)(callOf({ embed: ["one"] })), {
        code: "MODEL_LACKS_ABILITY",
      });
    },
  ));

test("a local model makes vectors of texts, and answers nothing", async () => {
  const { gateway, assets } = gatewayOf({ models: { words: { provider: "local", type: "lexical" } } });
  for (const name of ["local/lexical", "words"]) {
    const asset = assets.find("model", name);
    assert.ok(asset);
    const reply = await gateway.modelOf(asset)(callOf({ messages: [], embed: ["one", "three"] }));
    assert.deepEqual(
      [reply.value, reply.costUsd],
      [
        [
          [3, 1],
          [5, 1],
        ],
        0,
      ],
    );
    await assert.rejects(gateway.modelOf(asset)(callOf()), { code: "MODEL_LACKS_ABILITY" });
  }
});

test("a simulated model gives a text the same vector each time, and says that it is simulated", async () => {
  const { gateway, assets } = gatewayOf({ models: { big: { provider: "sim", seed: 3 } } });
  const asset = assets.find("model", "big");
  assert.ok(asset);
  const embed = ["a parcel", "a refund", "a parcel"];
  const reply = await gateway.modelOf(asset)(callOf({ messages: [], embed }));
  assert.ok(Array.isArray(reply.value));
  assert.deepEqual(reply.value[0], reply.value[2]);
  assert.notDeepEqual(reply.value[0], reply.value[1]);
  assert.equal(reply.simulated, true);
});

test("a portion ends before it has too many texts or bytes; a text beyond that goes alone", () => {
  assert.deepEqual(batchesOf(["a", "b", "c"], 2), [["a", "b"], ["c"]]);
  const half = "x".repeat(embedBytesPerRequestMax / 2);
  assert.deepEqual(
    batchesOf([half, half, "a", `${half}${half}x`, "b"], undefined).map((batch) => batch.length),
    [2, 1, 1, 1],
  );
  assert.deepEqual(batchesOf([], 5), []);
});
