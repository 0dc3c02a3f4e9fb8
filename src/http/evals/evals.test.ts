import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Json } from "../../core/base/index.ts";
import { openEngine } from "../../engine.ts";
import { createApp } from "../index.ts";

const files = {
  "flyball.yaml": `
models:
  good: { provider: sim, price: { input: $1/M, output: $1/M }, latency: { p50: 0ms, p95: 0ms }, quality: 1, seed: 1 }
  poor: { provider: sim, price: { input: $1/M, output: $1/M }, latency: { p50: 0ms, p95: 0ms }, quality: 0, seed: 1 }
`,
  "prompts/intent.yaml": `
input: { text: string }
messages: [{ role: user, content: "Which? {{ text }}" }]
output: { type: string, enum: [refund, delivery] }
`,
  "good.yaml": triage("good"),
  "poor.yaml": triage("poor"),
  "judge.yaml": `
workflow: judge
input: { type: object }
steps: [{ id: verdict, transform: { value: "{{ 0.75 if input.output == input.expected else 0.25 }}" } }]
output: { score: "{{ verdict.value }}" }
`,
  "rows.jsonl": [..."abcdefghij"]
    .map((letter, n) =>
      JSON.stringify({ input: { text: letter }, expected: { intent: n % 2 ? "refund" : "delivery" } }),
    )
    .join("\n"),
};

function triage(model: string): string {
  return `
workflow: triage
input: { type: object, required: [text] }
steps:
  - { id: intent, inference: { prompt: intent, model: ${model}, input: { text: "{{ input.text }}" } } }
  - { id: send, tool: { http: { method: POST, url: "http://127.0.0.1:9/", body: "{{ intent.value }}" } } }
output: { intent: "{{ intent.value }}", sent: "{{ send.simulated }}" }
`;
}

async function setup(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "flyball-http-evals-"));
  mkdirSync(join(folder, "prompts"));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const engine = await openEngine({ home: join(folder, "home") });
  t.after(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const app = createApp({ engine, isLocal: true });
  const post = async (path: string, body: Json) => {
    const headers = { "content-type": "application/json" };
    const answer = await app.request(path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  };
  return { engine, folder, post };
}

test("an evaluation scores every row, holds gates, and writes nothing outside", async (t) => {
  const { engine, folder, post } = await setup(t);
  const before = engine.control.countRuns();
  const { status, body } = await post("/v1/evals", {
    workflow: join(folder, "good.yaml"),
    data: join(folder, "rows.jsonl"),
    against: join(folder, "poor.yaml"),
    scorers: ["exact", "judge"],
    judge: join(folder, "judge.yaml"),
    gates: ["accuracy>=0.9", "accuracy.low>=0.9", "judge>=0.7"],
  });
  assert.equal(status, 200);
  const { figures, gates, comparison, items } = body;
  assert.deepEqual(
    [figures.accuracy.value, figures.accuracy.n, figures.f1.value, figures.judge.value],
    [1, 10, 1, 0.75],
  );
  assert.deepEqual(
    gates.map(({ passed }: { passed: boolean }) => passed),
    [true, false, true],
    "ten of ten prove no 90%",
  );
  assert.equal(comparison.figures.accuracy.value, 0);
  assert.deepEqual([comparison.paired.exact.difference.value, comparison.paired.exact.higher], [1, 10]);
  assert.ok(items.every(({ status }: { status: string }) => status === "completed"));
  assert.deepEqual(engine.control.countRuns(), before, "nothing is recorded as a run");
});

test("a dataset is an asset: the same rows are the same version, and it can be named", async (t) => {
  const { engine, folder, post } = await setup(t);
  const workflow = join(folder, "good.yaml");
  const saved = await post("/v1/evals", { workflow, data: join(folder, "rows.jsonl"), save: "letters" });
  const again = await post("/v1/evals", { workflow, data: "dataset/letters", scorers: ["normalised"] });
  assert.equal(again.body.dataset.digest, saved.body.dataset.digest);
  assert.deepEqual([again.body.dataset.rows, again.body.figures.accuracy.value], [10, 1]);
  await post("/v1/evals", { workflow, data: join(folder, "rows.jsonl"), save: "letters" });
  assert.equal(engine.registry.store.versions("dataset/letters").length, 1);
  const none = await post("/v1/evals", { workflow, data: "journal" });
  assert.deepEqual([none.status, none.body.code], [422, "DATASET_EMPTY"]);
});

test("a version of a prompt in the registry is replayed by its name", async (t) => {
  const { engine, folder, post } = await setup(t);
  const loaded = await engine.load(join(folder, "good.yaml"));
  await engine.serve([loaded]);
  const run = await engine.start("triage", { input: { text: "a" }, effects: "simulated" });
  await engine.executor.settled(run);
  const text = files["prompts/intent.yaml"].replace("Which?", "What?");
  await engine.add({ kind: "prompt", name: "intent", text });
  const request = { workflow: "triage", runs: [run], simulate: true };
  const same = await post("/v1/replays", request);
  assert.deepEqual([same.body.items[0].rerun, same.body.items[0].differences], [0, []]);
  const other = await post("/v1/replays", { ...request, assets: { "prompt/intent": "newest" } });
  assert.deepEqual(
    other.body.items[0].steps.map(({ path, how }: { path: string; how: string }) => [path, how]),
    [
      ["intent", "rerun"],
      ["send", "reused"],
    ],
  );
});
