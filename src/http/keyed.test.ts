import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Json } from "../core/base/index.ts";
import { eventsOf } from "../core/journal/index.ts";
import { type Engine, openEngine } from "../engine.ts";
import { createApp, type OpenapiDocument } from "./index.ts";

const workflow = `workflow: ask
input: {}
steps:
  - { id: ask, human_review: { draft: "{{ input.draft }}" } }
`;
const prompt = (words: string) => `input: {}\nmessages: [{ role: user, content: "${words}" }]\n`;

interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly body: Record<string, Json>;
}

/** An engine that can be closed and opened again on its folder. */
async function setup(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "flyball-keyed-"));
  writeFileSync(join(folder, "ask.yaml"), workflow);
  let engine: Engine;
  let app: ReturnType<typeof createApp>;
  const open = async () => {
    engine = await openEngine({ home: join(folder, "home") });
    await engine.open(join(folder, "ask.yaml"));
    app = createApp({ engine, isLocal: true });
  };
  await open();
  t.after(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = async (operation: string, body: Json, key?: string): Promise<Answer> => {
    const [method = "", path = ""] = operation.split(" ");
    const headers = { "content-type": "application/json", ...(key ? { "idempotency-key": key } : {}) };
    const answer = await app.request(path, { method, headers, body: JSON.stringify(body) });
    return {
      status: answer.status,
      location: answer.headers.get("location"),
      body: (await answer.json()) as Answer["body"],
    };
  };
  const run = async () => {
    const { body } = await ask("POST /v1/workflows/ask/runs?wait=10s", { input: { draft: "Dear Ada" } });
    const [review] = engine.control.reviews({ run: String(body.runId), limit: 1 });
    return { run: String(body.runId), review: String(review?.id) };
  };
  const reopen = async () => {
    await engine.close();
    await open();
  };
  const events = async () => (await eventsOf(engine.journal)).map(({ type }) => type);
  return { ask, run, reopen, events, engine: () => engine };
}

test("the same key with the same body gives the first answer, also after a restart; another body is refused", async (t) => {
  const { ask, run, reopen, events } = await setup(t);
  const first = await run();
  const score = { name: "right", value: 1, source: "user" };
  await ask("PUT /v1/assets/prompt/hello", { text: prompt("one") });
  const added = { text: prompt("two") };
  const rollout = { asset: "prompt/hello", to: "newest", share: "10%" };
  const writes: [operation: string, body: { [name: string]: Json }, other: { [name: string]: Json }][] = [
    ["POST /v1/workflows/ask/runs?wait=10s", { input: { draft: "x" } }, { input: { draft: "y" } }],
    [`POST /v1/runs/${first.run}/scores`, score, { ...score, value: 0 }],
    [`PUT /v1/assets/prompt/hello`, added, { text: prompt("three") }],
    [`PUT /v1/assets/prompt/hello/labels/spare`, { to: "newest" }, { to: "production" }],
    ["POST /v1/rollouts", rollout, { ...rollout, share: "20%" }],
    ["POST /v1/switches", { scope: "workflow", name: "other", off: "drain" }, { scope: "all", off: "drain" }],
    [`POST /v1/reviews/${first.review}/decision`, { decision: "approve" }, { decision: "reject" }],
  ];
  const answers: Answer[] = [];
  for (const [operation, body] of writes) answers.push(await ask(operation, body, "k"));
  const before = await events();
  for (const isReopened of [false, true]) {
    if (isReopened) await reopen();
    for (const [index, [operation, body, other]] of writes.entries()) {
      assert.deepEqual(await ask(operation, body, "k"), answers[index], operation);
      const refused = await ask(operation, other, "k");
      assert.deepEqual([refused.status, refused.body.code], [422, "IDEMPOTENCY_KEY_REUSED"], operation);
    }
    const now = await events();
    for (const type of ["run.started", "score.recorded", "version.added", "label.moved", "rollout.started"])
      assert.equal(now.filter((each) => each === type).length, before.filter((each) => each === type).length);
  }
  assert.ok(answers.every(({ status }) => status < 300));
});

test("what another moved since is not moved back by whoever asks once more", async (t) => {
  const { ask } = await setup(t);
  for (const words of ["one", "two"]) await ask("PUT /v1/assets/prompt/hello", { text: prompt(words) });
  const spare = "PUT /v1/assets/prompt/hello/labels/spare";
  const moved = await ask(spare, { to: "production" }, "k");
  const after = await ask(spare, { to: "newest" });
  assert.deepEqual(await ask(spare, { to: "production" }, "k"), moved);
  const shown = await ask("PUT /v1/assets/prompt/hello/labels/spare", { to: "newest" });
  assert.deepEqual(Object(shown.body.labels).spare, Object(after.body.labels).spare);
});

test("of two at once one acts, and a failure is no answer", async (t) => {
  const { ask, run, events } = await setup(t);
  const { run: id } = await run();
  const score = { name: "right", value: 1, source: "user" };
  const both = [1, 2].map(() => ask(`POST /v1/runs/${id}/scores`, score, "k"));
  const [one, two] = await Promise.all(both);
  assert.deepEqual(one, two);
  assert.equal((await events()).filter((type) => type === "score.recorded").length, 1);
  const name = { scope: "workflow", name: "ask", off: "drain" };
  assert.equal((await ask("POST /v1/switches", { ...name, scope: "nothing" }, "s")).status, 400);
  assert.equal((await ask("POST /v1/switches", name, "s")).status, 200);
  assert.equal((await ask("POST /v1/switches", name, "k".repeat(256))).status, 400);
});

test("a score whose answer was not recorded before a crash is there once", async (t) => {
  const { ask, run, events, engine } = await setup(t);
  const { run: id } = await run();
  const score = { name: "right", value: 1, source: "user" };
  await ask(`POST /v1/runs/${id}/scores`, score, "k");
  const streams = await engine().journal.streams(`request/${id}/`);
  await engine().journal.prune({ streams, policy: "test", data: {} });
  await ask(`POST /v1/runs/${id}/scores`, score, "k");
  assert.equal((await events()).filter((type) => type === "score.recorded").length, 1);
});

test("every write takes a key, but those that only look", async (t) => {
  const { engine } = await setup(t);
  const app = createApp({ engine: engine(), isLocal: true });
  const { paths }: OpenapiDocument = JSON.parse(await (await app.request("/openapi.json")).text());
  const without = Object.values(paths).flatMap((methods) =>
    Object.entries(methods)
      .filter(([method]) => method !== "get")
      .filter(([, { parameters }]) => !parameters.some(({ name }) => name === "Idempotency-Key"))
      .map(([, { operationId }]) => operationId),
  );
  // The local socket's own are of files: the same files are the same batch and the same versions.
  assert.deepEqual(without.toSorted(), [
    "checkAsset",
    "pushAssets",
    "renderPrompt",
    "replayRuns",
    "runBatch",
    "runEval",
  ]);
});

test("a key means something of its own to each request", async (t) => {
  const { ask, run } = await setup(t);
  const { run: id } = await run();
  assert.equal((await ask(`POST /v1/runs/${id}/pause`, {}, "k")).body.status, "paused");
  assert.equal((await ask(`POST /v1/runs/${id}/resume`, {}, "k")).body.status, "waiting");
});
