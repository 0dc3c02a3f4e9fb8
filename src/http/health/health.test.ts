import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../core/base/index.ts";
import { type Engine, openEngine } from "../../engine.ts";
import { createApp } from "../index.ts";

const workflow = `workflow: nap
input: {}
steps: [{ id: sleep, wait: { for: 1m } }]
`;

async function setup(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "flyball-health-"));
  writeFileSync(join(folder, "nap.yaml"), workflow);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new ManualClock();
  const open = async (recover: boolean) => {
    const engine = await openEngine({ home: join(folder, "home"), clock, recover });
    await engine.open(join(folder, "nap.yaml"));
    const app = createApp({ engine, isLocal: true });
    const ask = async (path: string) => {
      const answer = await app.request(path);
      return { status: answer.status, body: JSON.parse(await answer.text()) };
    };
    return { engine, ask };
  };
  return { clock, open };
}

async function asleep(engine: Engine) {
  const run = await engine.start("nap", { input: {} });
  await engine.executor.settled(run);
  return run;
}

test("an engine that does not take up what is due is not well; what is switched off is no fault of it", async (t) => {
  const { clock, open } = await setup(t);
  const first = await open(true);
  await asleep(first.engine);
  const { body } = await first.ask("/healthz");
  assert.deepEqual([body.ok, body.owner, body.overdueMs], [true, true, 0]);
  assert.equal(body.lastCommitAt, new Date(clock.now()).toISOString());
  await first.engine.close();
  const { engine, ask } = await open(false);
  clock.advance(60_000 + 29_000);
  const late = await ask("/healthz");
  assert.deepEqual([late.status, late.body.overdueMs], [200, 29_000]);
  clock.advance(1_000);
  const stuck = await ask("/healthz");
  assert.deepEqual([stuck.status, stuck.body.ok], [503, false]);
  await engine.executor.turn("workflow/nap", { off: "drain", by: "ada", reason: null });
  assert.equal((await ask("/healthz")).status, 200);
  await engine.close();
});

test("an engine that is being stopped is not ready", async (t) => {
  const { open } = await setup(t);
  const { engine, ask } = await open(true);
  assert.deepEqual(await ask("/readyz"), { status: 200, body: { ready: true, warnings: [] } });
  await engine.executor.drain(0);
  assert.deepEqual(await ask("/readyz"), { status: 503, body: { ready: false, warnings: [] } });
  await engine.close();
});
