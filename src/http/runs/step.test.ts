import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Clock, type Json, ManualClock } from "../../core/base/index.ts";
import { type Engine, openEngine } from "../../engine.ts";
import { createApp } from "../index.ts";

const prompt = `
input: { name: string }
messages:
  - { role: system, content: Answer in one word. }
  - { role: user, content: "Who is {{ name }}?" }
examples: [{ input: { name: Ada }, output: mathematician }]
settings: { temperature: 0 }
model: house/small-1
variants:
  - { language: de, messages: [{ role: user, content: "Wer ist {{ name }}?" }] }
`;
const steps = `
steps:
  - { id: who, inference: { prompt: who, input: { name: "{{ input.name }}" } }, retry: { attempts: 2, backoff: 1ms } }
  - { id: plain, transform: { value: "{{ 1 + 1 }}" } }
output: { answer: "{{ plain.value }}" }
`;
const files = (url: string): Readonly<Record<string, string>> => ({
  "flyball.yaml": `providers: { house: { type: openai-compatible, url: "${url}" } }`,
  "prompts/who.yaml": prompt,
  "open.yaml": `workflow: open${steps}`,
  "closed.yaml": `workflow: closed\ncapture: off${steps}`,
  "partly.yaml": `workflow: partly\ncapture: { off: [input.name] }${steps}`,
});

interface House {
  readonly url: string;
  /** The status of each answer, in turn; then 200. */
  readonly statuses: number[];
}

/** A provider that answers with the last word it was asked. */
async function house(t: TestContext): Promise<House> {
  const statuses: number[] = [];
  const server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const { messages } = JSON.parse(body);
    const content = `Not ${String(messages.at(-1).content).split(" ").at(-1)}`;
    response.writeHead(statuses.shift() ?? 200, { "content-type": "application/json" });
    const usage = { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 };
    const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
    response.end(
      JSON.stringify({ id: "1", object: "chat.completion", created: 1, model: "m", choices, usage }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/v1`, statuses };
}

async function setup(t: TestContext, clock?: Clock) {
  const provider = await house(t);
  const folder = mkdtempSync(join(tmpdir(), "flyball-step-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files(provider.url))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const home = join(folder, "home");
  const engine = await openEngine({ home, ...(clock ? { clock } : {}) });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= engine.close();
    return closed;
  };
  t.after(close);
  for (const name of ["open", "closed", "partly"]) await engine.open(join(folder, `${name}.yaml`));
  return { provider, engine, close, home, ...asking(engine) };
}

function asking(engine: Engine) {
  const app = createApp({ engine, isLocal: true });
  const ask = async (path: string) => (await (await app.request(path)).json()) as { [name: string]: Json };
  const run = async (workflow: string, name: string, tags: Record<string, string> = {}) => {
    const body = JSON.stringify({ input: { name }, tags });
    const headers = { "content-type": "application/json" };
    const path = `/v1/workflows/${workflow}/runs?wait=10s`;
    const answer = await app.request(path, { method: "POST", headers, body });
    return (await answer.json()) as { runId: string; status: string; cost: number };
  };
  return { ask, run };
}

function bytesOf(folder: string): string {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return entries.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")).join("");
}

test("what ran at a step is told: words, versions, variant, parameters, tokens and attempts", async (t) => {
  const { provider, engine, ask, run } = await setup(t);
  provider.statuses.push(500);
  const { runId } = await run("open", "Grace", { language: "de-AT" });
  const step = await ask(`/v1/runs/${runId}/steps/who`);
  assert.deepEqual(step.prompt, [
    { role: "user", content: "Wer ist Ada?" },
    { role: "assistant", content: "mathematician" },
    { role: "user", content: "Wer ist Grace?" },
  ]);
  assert.deepEqual(
    [step.kind, step.status, step.model, step.provider, step.attempts],
    ["inference", "completed", "small-1", "house", 2],
  );
  assert.deepEqual(step.parameters, { temperature: 0 });
  assert.deepEqual(step.tokens, { input: 10, cached: 0, output: 2, reasoning: 0 });
  const release = await engine.releases.load(engine.control.run(runId)?.release ?? "");
  const { versions, failures } = step as {
    versions: { [kind: string]: Json };
    failures: { [name: string]: Json }[];
  };
  assert.deepEqual(versions.prompt, {
    name: "who",
    digest: release.asset("prompt", "who").digest,
    variant: "language=de",
    reason: "fits language=de-AT",
  });
  assert.deepEqual(versions.model, {
    name: "house/small-1",
    digest: release.asset("model", "house/small-1").digest,
  });
  assert.deepEqual(versions.workflow, { name: "open", digest: release.version });
  assert.equal(failures.length, 1);
  assert.match(JSON.stringify(failures), /^\[\{"attempt":1,"error":\{"code":"MODEL_SERVER_FAILED"/);

  const plain = await ask(`/v1/runs/${runId}/steps/plain`);
  assert.deepEqual(
    [
      plain.kind,
      plain.prompt,
      plain.model,
      plain.route,
      plain.tokens,
      (plain.result as { value: Json }).value,
    ],
    ["transform", null, null, null, null, 2],
  );
  const missing = await ask(`/v1/runs/${runId}/steps/${encodeURIComponent("who[1].x")}`);
  assert.match(String(missing.detail), /has no step "who\[1\]\.x"; it has who, plain/);
});

test("of a step that failed for good, the words that were sent are told too", async (t) => {
  const { provider, ask, run } = await setup(t);
  provider.statuses.push(500, 500, 500, 500);
  const { runId, status } = await run("open", "Grace");
  assert.equal(status, "paused");
  const step = await ask(`/v1/runs/${runId}/steps/who`);
  assert.equal((step.prompt as { content: string }[]).at(-1)?.content, "Who is Grace?");
  assert.deepEqual([step.status, step.attempts, (step.failures as Json[]).length], ["failed", 2, 2]);
});

test("with capture off, no file of the data folder has the words after the end; numbers and hashes remain", async (t) => {
  const { close, home, ask, run } = await setup(t);
  const long = `canary-${"long".repeat(30_000)}`;
  const ids = [];
  for (const workflow of ["closed", "partly"])
    for (const name of ["canary-short", long]) {
      const { runId } = await run(workflow, name);
      ids.push(runId);
      const [first] = (await ask(`/v1/runs/${runId}/steps/who`)).prompt as {
        digest: string;
        content?: string;
      }[];
      assert.deepEqual([first?.digest.length, first?.content], [64, undefined]);
    }
  await run("open", "stays-here");
  assert.match(bytesOf(home), /canary-short/);
  await close();
  assert.doesNotMatch(bytesOf(home), /canary/);
  assert.match(bytesOf(home), /stays-here/);

  const again = await openEngine({ home });
  t.after(() => again.close());
  const { ask: askAgain } = asking(again);
  for (const id of ids) {
    const step = await askAgain(`/v1/runs/${id}/steps/who`);
    assert.deepEqual([step.status, step.model, step.prompt], ["completed", "small-1", null]);
    assert.deepEqual(step.tokens, { input: 10, cached: 0, output: 2, reasoning: 0 });
    assert.equal(String(step.erased).length, 64);
    assert.equal((step.versions as { prompt: { name: string } }).prompt.name, "who");
    const shown = await askAgain(`/v1/runs/${id}`);
    assert.equal(shown.status, "completed");
    assert.deepEqual(shown.output, id === ids[0] || id === ids[1] ? null : { answer: 2 });
  }
  assert.equal((await again.journal.verify()).ok, true);
});

test("a server erases a minute after the end, from the database's log too", async (t) => {
  const clock = new ManualClock();
  const { engine, home, ask, run } = await setup(t, clock);
  const { runId } = await run("closed", "canary-ended");
  const words = async () => (await ask(`/v1/runs/${runId}`)).output;
  const isErased = () => engine.control.run(runId)?.erased === 1;
  // Each look is armed when the one before it has ended, so time passes in steps.
  const pass = async (seconds: number) => {
    for (let passed = 0; passed < seconds && !isErased(); passed += 10) {
      clock.advance(10_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await pass(50);
  assert.deepEqual(await words(), { answer: 2 });
  await pass(10_000);
  assert.ok(isErased());
  await engine.journal.tidy();
  assert.equal(await words(), null);
  assert.doesNotMatch(bytesOf(home), /canary/);
});
