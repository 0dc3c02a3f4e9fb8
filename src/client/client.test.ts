import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openEngine } from "../engine.ts";
import { listenOnPort } from "../http/index.ts";
import { ApiProblem, createClient } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "flyball-client-"));
writeFileSync(
  join(folder, "gate.yaml"),
  `workflow: gate
input: {}
steps:
  - { id: gate, wait: { event: go } }
output: "{{ gate.value }}"
`,
);
const engine = await openEngine({ home: join(folder, "home") });
await engine.open(join(folder, "gate.yaml"));
const server = await listenOnPort(engine, { host: "127.0.0.1", port: 0 });
after(async () => {
  await server.close();
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});
const client = createClient({ url: String(server.url) });
const start = (key?: string) =>
  client.ask("POST /v1/workflows/{name}/runs", {
    params: { name: "gate" },
    body: { input: {}, tags: { tenant: "a b&c" } },
    ...(key ? { key } : {}),
  });

test("a run is started, followed to its end and found again, over a real port", async () => {
  const { runId } = await start("k");
  assert.equal((await start("k")).runId, runId);
  const types: string[] = [];
  for await (const event of client.follow(runId)) {
    types.push(event.type);
    if (event.type === "run.suspended")
      await client.ask("POST /v1/runs/{id}/signals", {
        params: { id: runId },
        body: { event: "go", data: "é" },
      });
  }
  assert.deepEqual([types[0], types.at(-1)], ["run.started", "run.completed"]);
  const run = await client.ask("GET /v1/runs/{id}", { params: { id: runId } });
  assert.deepEqual([run.status, run.output, run.tags.tenant], ["completed", "é", "a b&c"]);
  const { items } = await client.ask("GET /v1/runs", {
    query: { tag: ["tenant=a b&c"], status: "completed" },
  });
  assert.deepEqual(
    items.map((item) => item.runId),
    [runId],
  );
});

test("pages and lines are followed to their end", async () => {
  for (let n = 0; n < 4; n++) await start();
  const pages: string[] = [];
  for await (const { runId } of client.pages("GET /v1/runs", { query: { limit: 2 } })) pages.push(runId);
  const { items } = await client.ask("GET /v1/runs");
  assert.deepEqual(
    pages,
    items.map(({ runId }) => runId),
  );
  let lines = 0;
  for await (const line of client.lines("GET /v1/journal/events")) if ("stream" in line) lines += 1;
  assert.equal(lines, engine.journal.lastPosition());
});

test("an error is a problem with its code", async () => {
  const asked = client.ask("GET /v1/runs/{id}", { params: { id: "../no body" } });
  await assert.rejects(asked, (error) => error instanceof ApiProblem && error.code === "RUN_NOT_FOUND");
});
