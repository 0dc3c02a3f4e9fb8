import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Json } from "../core/base/index.ts";
import type { RunLimits } from "../core/executor/index.ts";
import { openEngine } from "../engine.ts";
import { createApp } from "./index.ts";

const workflows = {
  gate: `workflow: gate
input: {}
steps:
  - { id: before, transform: { value: 1 } }
  - { id: gate, wait: { event: go } }
  - { id: after, transform: { value: "{{ gate.value + before.value }}" } }
`,
  slow: `workflow: slow
steps: [{ id: pause, script: { file: pause.js } }]
`,
  broken: `workflow: broken
input: {}
steps:
  - { id: first, transform: { value: 1 } }
  - { id: broken, transform: { value: "{{ 1 // input.n }}" }, on_failure: fail }
`,
};

type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, Json> };

/** An engine on a folder of its own, and its API without a port. */
async function setup(t: TestContext, limits: Partial<RunLimits> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "flyball-http-"));
  // Ends once it is told to, by a file: until then its run holds its place.
  writeFileSync(
    join(folder, "pause.js"),
    `import { existsSync } from "node:fs";
const wait = () => (existsSync(${JSON.stringify(join(folder, "go"))}) ? console.log("1") : setTimeout(wait, 20));
wait();`,
  );
  const engine = await openEngine({ home: join(folder, "home"), limits });
  for (const [name, text] of Object.entries(workflows)) {
    writeFileSync(join(folder, `${name}.yaml`), text);
    await engine.open(join(folder, `${name}.yaml`));
  }
  t.after(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const app = createApp({ engine, isLocal: true });
  const ask = async (method: string, path: string, body?: Json, key?: string): Promise<Answer> => {
    const headers = { "content-type": "application/json", ...(key ? { "idempotency-key": key } : {}) };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const answer = await app.request(path, init);
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer["body"] };
  };
  const start = (name: string, input: Json = null, query = "") =>
    ask("POST", `/v1/workflows/${name}/runs${query}`, { input });
  const go = () => writeFileSync(join(folder, "go"), "");
  return { engine, ask, start, go };
}

test("a run is paused and resumed; the same key is the same command", async (t) => {
  const { ask, start } = await setup(t);
  const { body } = await start("gate", null, "?wait=5s");
  const run = `/v1/runs/${body.runId}`;
  assert.equal(body.status, "waiting");
  const paused = await ask("POST", `${run}/pause`, { reason: "lunch" }, "k1");
  assert.deepEqual([paused.status, paused.body.status], [202, "paused"]);
  assert.deepEqual(paused.body.paused, { reason: "asked", by: "local", comment: "lunch" });
  await ask("POST", `${run}/signals`, { event: "go", data: 4, id: "s1" });
  await ask("POST", `${run}/signals`, { event: "go", data: 5, id: "s1" });
  assert.equal((await ask("GET", run)).body.status, "paused");
  const resumed = await ask("POST", `${run}/resume`, {});
  assert.deepEqual([resumed.body.status, resumed.body.output], ["completed", 5]);
});

test("a run that ended is restarted from a step, once for each key", async (t) => {
  const { ask, start } = await setup(t);
  const failed = await start("broken", { n: 0 }, "?wait=5s");
  assert.deepEqual([failed.status, failed.body.status], [200, "failed"]);
  const path = `/v1/runs/${failed.body.runId}/restart`;
  const again = await ask("POST", path, { from: "broken" }, "once");
  assert.equal(again.status, 202);
  assert.equal(again.headers.get("location"), `/v1/runs/${again.body.runId}`);
  assert.deepEqual(again.body.forkedFrom, { of: failed.body.runId, from: "broken" });
  assert.equal((await ask("POST", path, { from: "broken" }, "once")).body.runId, again.body.runId);
  const unknown = await ask("POST", path, { from: "nothing", release: "latest" });
  assert.deepEqual([unknown.status, unknown.body.code], [404, "STEP_NOT_FOUND"]);
  assert.match(String(unknown.body.detail), /it came to first, broken/);
});

test("switches are listed, turned, and hold at once", async (t) => {
  const { ask, start } = await setup(t);
  const waiting = await start("gate", null, "?wait=5s");
  const off = await ask("POST", "/v1/switches", {
    scope: "workflow",
    name: "gate",
    off: "drain",
    reason: "why",
  });
  const [listed] = off.body.items as { switch: string; off: string; reason: string }[];
  assert.deepEqual([listed?.switch, listed?.off, listed?.reason], ["workflow/gate", "drain", "why"]);
  const queued = await start("gate", null, "?wait=5s");
  assert.deepEqual([queued.status, queued.body.status], [202, "queued"]);
  await ask("POST", `/v1/runs/${waiting.body.runId}/signals`, { event: "go", data: 1 });
  assert.equal((await ask("GET", `/v1/runs/${waiting.body.runId}`)).body.status, "waiting");
  assert.deepEqual(
    (await ask("POST", "/v1/switches", { scope: "workflow", name: "gate", off: false })).body.items,
    [],
  );
  for (const [scope, name] of [
    ["all", "x"],
    ["tool", undefined],
    ["nothing", "x"],
  ]) {
    const refused = await ask("POST", "/v1/switches", {
      scope: scope ?? "",
      ...(name ? { name } : {}),
      off: "stop",
    });
    assert.deepEqual([refused.status, refused.body.code], [400, "REQUEST_INVALID"]);
  }
});

test("a write-ahead log that another program holds is told by readyz and doctor", async (t) => {
  const { engine, ask } = await setup(t);
  assert.deepEqual((await ask("GET", "/readyz")).body, { ready: true, warnings: [] });
  const [log, size] = [join(engine.home, "flyball.db-wal"), 300 * 1024 * 1024];
  // What SQLite does not write it does not read: room at the end of the log stands for what a reader would hold.
  truncateSync(log, size);
  const { ready, warnings } = (await ask("GET", "/readyz")).body;
  assert.equal(ready, true);
  assert.match(String(warnings), /has 300 MiB: another program .* end it/);
  assert.deepEqual((await ask("GET", "/v1/journal/doctor")).body.warnings, warnings);
});

test("a full queue answers 429 with Retry-After, and accepts nothing; a known key still finds its run", async (t) => {
  const { engine, ask, start, go } = await setup(t, { running: 1, queued: 1 });
  const under = await start("slow");
  const queued = await ask("POST", "/v1/workflows/slow/runs", { input: null }, "mine");
  assert.deepEqual([under.body.status, queued.body.status], ["running", "queued"]);
  const refused = await start("slow");
  assert.deepEqual(
    [refused.status, refused.body.code, refused.headers.get("retry-after")],
    [429, "QUEUE_FULL", "1"],
  );
  const again = await ask("POST", "/v1/workflows/slow/runs", { input: null }, "mine");
  assert.deepEqual([again.status, again.body.runId], [202, queued.body.runId]);
  assert.deepEqual((await ask("GET", "/healthz")).body.queuedRuns, 1);
  go();
  for (const { body } of [under, queued])
    assert.equal(await engine.executor.settled(String(body.runId)), "completed");
});
