import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnswerStore, KeptAnswer } from "../answers.ts";
import type { ModelCall, ModelDelta } from "../model.ts";
import { callOf, completion, fakeProvider, gatewayOf, respond } from "../testing.ts";

const settings = (url: string, cache: unknown = "1h") => ({
  providers: { house: { type: "openai-compatible", url } },
  models: { small: { provider: "house", name: "small-1", price: { input: "$1/M", output: "$10/M" } } },
  routes: { drafting: { try: ["small"], cache }, other: { try: ["small"] } },
});

async function withProvider(body: (url: string, seen: readonly unknown[]) => Promise<void>) {
  const provider = await fakeProvider((request, response, index) => {
    const asked = String(request.body.messages.at(-1)?.content);
    if (asked === "fail") respond(response, 500, {});
    else if (asked === "cut")
      respond(
        response,
        200,
        completion("", {
          choices: [{ index: 0, message: { role: "assistant", content: "Ha" }, finish_reason: "length" }],
        }),
      );
    else respond(response, 200, completion(`answer ${index}`));
  });
  try {
    await body(provider.url, provider.seen);
  } finally {
    await provider.close();
  }
}

const asking = (content: string, changes: Partial<ModelCall> = {}) =>
  callOf({ messages: [{ role: "user", content }], ...changes });

test("the same question has the same answer, at no cost, and says from where; a listener hears it", async () => {
  await withProvider(async (url, seen) => {
    const { ask, clock } = gatewayOf(settings(url));
    const route = ask("drafting");
    const first = await route(asking("Where?"));
    assert.equal(first.trace?.cache, "miss");
    clock.advance(60_000);
    const heard: ModelDelta[] = [];
    const origin = { ...callOf().origin, runId: "run-2" };
    const second = await route(asking("Where?", { origin, onDelta: (delta) => heard.push(delta) }));
    assert.deepEqual([second.value, second.costUsd, second.trace?.cache], [first.value, 0, "hit"]);
    assert.deepEqual(second.trace?.cachedFrom, { runId: "run-1", path: "draft", ageMs: 60_000 });
    assert.deepEqual(heard, [{ type: "text", text: "answer 0" }]);
    assert.equal(seen.length, 1);
    clock.advance(3_600_000);
    assert.equal((await route(asking("Where?"))).trace?.cache, "miss");
  });
});

test("another word, setting, schema, tool or tenant is another question", async () => {
  await withProvider(async (url, seen) => {
    const { ask } = gatewayOf(settings(url));
    const route = ask("drafting");
    const questions: ModelCall[] = [
      asking("Where?"),
      asking("where?"),
      asking("Where?", { settings: { temperature: 1 } }),
      asking("Where?", { output: { type: "string" } }),
      asking("Where?", { tools: [{ name: "look", parameters: { type: "object" } }] }),
      asking("Where?", { tags: { tenant: "a" } }),
      asking("Where?", { tags: { tenant: "b" } }),
    ];
    for (const question of questions) assert.equal((await route(question)).trace?.cache, "miss");
    assert.equal(seen.length, questions.length);
    for (const question of questions) assert.equal((await route(question)).trace?.cache, "hit");
  });
});

test("tenants share answers only where that is declared; other tags are nobody's business", async () => {
  await withProvider(async (url) => {
    const { ask } = gatewayOf(settings(url, { for: "1h", share: true }));
    const route = ask("drafting");
    await route(asking("Where?", { tags: { tenant: "a", feature: "x" } }));
    assert.equal((await route(asking("Where?", { tags: { tenant: "b" } }))).trace?.cache, "hit");
  });
});

test("errors and cut answers are never kept", async () => {
  await withProvider(async (url, seen) => {
    const { ask } = gatewayOf(settings(url));
    for (const question of ["fail", "fail", "cut", "cut"])
      await assert.rejects(ask("drafting")(asking(question)));
    assert.equal(seen.length, 4);
  });
});

test("a step may ask for the cache where its route has none; replays see nothing of it", async () => {
  await withProvider(async (url, seen) => {
    const { ask } = gatewayOf(settings(url));
    const route = ask("other");
    const cache = { forMs: 1_000, share: false };
    assert.equal((await route(asking("Where?"))).trace?.cache, "off");
    await route(asking("Where?", { cache }));
    assert.equal((await route(asking("Where?", { cache }))).trace?.cache, "hit");
    assert.equal(seen.length, 2);
    await assert.rejects(route(asking("Where?", { cache, effects: "recorded" })), {
      code: "MODEL_CALL_DENIED",
    });
  });
});

test("a call whose workflow keeps nothing leaves no answer", async () => {
  await withProvider(async (url, seen) => {
    const kept = new Map<string, KeptAnswer>();
    const answers: AnswerStore = { get: (key) => kept.get(key), put: (key, answer) => kept.set(key, answer) };
    const route = gatewayOf(settings(url), { answers }).ask("drafting");
    for (let call = 0; call < 2; call++) await route(asking("Where?", { capture: false }));
    assert.deepEqual([kept.size, seen.length], [0, 2]);
  });
});

test("answers outlive the process in the store, and another version of the model has none", async () => {
  await withProvider(async (url, seen) => {
    const kept = new Map<string, KeptAnswer>();
    const answers: AnswerStore = { get: (key) => kept.get(key), put: (key, answer) => kept.set(key, answer) };
    await gatewayOf(settings(url), { answers }).ask("drafting")(asking("Where?"));
    const again = await gatewayOf(settings(url), { answers }).ask("drafting")(asking("Where?"));
    assert.equal(again.trace?.cache, "hit");
    const changed = settings(url);
    changed.models.small.price.input = "$2/M";
    const other = await gatewayOf(changed, { answers }).ask("drafting")(asking("Where?"));
    assert.equal(other.trace?.cache, "miss");
    assert.equal(seen.length, 2);
  });
});
