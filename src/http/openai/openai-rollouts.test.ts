import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../core/base/index.ts";
import { type Setup, setup } from "./testing.ts";

const promptSaying = (word: string) =>
  `input: { text: string }\nmessages: [{ role: user, content: "${word}: {{ text }}" }]\n`;

async function send(
  { url }: Setup,
  method: string,
  path: string,
  body: Json,
): Promise<{ [key: string]: Json }> {
  const answer = await fetch(new URL(path, url), {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const read = (await answer.json()) as { [key: string]: Json };
  assert.ok(answer.ok, JSON.stringify(read));
  return read;
}

async function versionOf(bundle: Setup, word: string): Promise<string> {
  await send(bundle, "PUT", "/v1/assets/prompt/greet", { text: promptSaying(word) });
  const newest = await fetch(new URL("/v1/assets/prompt/greet/versions", bundle.url));
  return String(Object(await newest.json()).items[0].digest);
}

const move = (bundle: Setup, to: string) =>
  send(bundle, "PUT", "/v1/assets/prompt/greet/labels/production", { to });

/** What the provider was told, and the run that it was told for. */
async function ask(bundle: Setup, tenant: string) {
  const { client, provider, run } = bundle;
  const { data, response } = await client.chat.completions
    .create(
      { model: "prompt/greet", messages: [{ role: "user", content: "Ada" }] },
      { headers: { "x-flyball-tags": `tenant=${tenant}` } },
    )
    .withResponse();
  assert.ok(data.choices[0]);
  const id = response.headers.get("x-flyball-run-id");
  const told = String(Object(provider.seen.at(-1)?.body).messages[0].content);
  return { id, told, started: (await run(id)).started };
}

test("a call gets the version that the label names, from the very next one on", async (t) => {
  const bundle = await setup(t);
  assert.match((await ask(bundle, "a")).told, /^Tone/, "as it stands in the files");
  const [hello, hi] = [await versionOf(bundle, "Hello"), await versionOf(bundle, "Hi")];
  await move(bundle, hello);
  const before = await ask(bundle, "a");
  await move(bundle, hi);
  const after = await ask(bundle, "a");
  assert.deepEqual([before.told, after.told], ["Hello: Ada", "Hi: Ada"]);
  assert.notEqual(before.started?.release, after.started?.release);
});

test("a canary counts calls on both sides, sticks to its key, and is rolled back by its guard", async (t) => {
  const bundle = await setup(t);
  const { engine } = bundle;
  const [hello, hi] = [await versionOf(bundle, "Hello"), await versionOf(bundle, "Hi")];
  await move(bundle, hello);
  const rollout = await send(bundle, "POST", "/v1/rollouts", {
    asset: "prompt/greet",
    to: hi,
    share: 0.5,
    by: "run.tags.tenant",
    guards: [{ metric: "score.helpful", min: 0.8, minRuns: 3 }],
  });
  const tenants = Array.from({ length: 12 }, (_, n) => `t${n}`);
  const first = new Map<string, string>();
  for (const tenant of tenants) {
    const { told, started } = await ask(bundle, tenant);
    first.set(tenant, told);
    assert.equal(started?.arms?.[String(rollout.id)], told === "Hi: Ada" ? "to" : "from");
  }
  assert.deepEqual(new Set(first.values()), new Set(["Hello: Ada", "Hi: Ada"]));
  const changed = tenants.filter((tenant) => first.get(tenant) === "Hi: Ada");
  for (const tenant of [...changed, ...changed, ...changed].slice(0, 3)) {
    const { id, told } = await ask(bundle, tenant);
    assert.equal(told, "Hi: Ada", `${tenant} keeps its version`);
    await send(bundle, "POST", `/v1/runs/${id}/scores`, { name: "helpful", value: 0, source: "user" });
  }
  const row = engine.registry.store.rollout(String(rollout.id));
  assert.equal(row?.status, "rolled_back");
  assert.match(String(row?.reason), /score\.helpful is 0 over 3 scores/);
  for (const tenant of changed) assert.equal((await ask(bundle, tenant)).told, "Hello: Ada");
});
