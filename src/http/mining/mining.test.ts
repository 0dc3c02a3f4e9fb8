import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Json, ManualClock } from "../../core/base/index.ts";
import { eraseUncaptured } from "../../core/executor/index.ts";
import { openEngine } from "../../engine.ts";
import { readLog, type Summary, summarize } from "../../loop/mining/index.ts";
import { createApp } from "../index.ts";

const workflows = {
  plain:
    "workflow: plain\nsteps:\n  - { id: a, transform: { value: 1 } }\n  - { id: b, transform: { value: 2 } }\n",
  silent: "workflow: silent\ncapture: off\nsteps:\n  - { id: secret, transform: { value: 1 } }\n",
};

async function setup(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "flyball-mining-"));
  const clock = new ManualClock(Date.UTC(2026, 10, 25, 23, 59, 59));
  const engine = await openEngine({ home: join(folder, "home"), clock });
  for (const [name, text] of Object.entries(workflows)) {
    writeFileSync(join(folder, `${name}.yaml`), text);
    await engine.open(join(folder, `${name}.yaml`));
  }
  t.after(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const app = createApp({ engine, isLocal: true });
  const run = async (name: keyof typeof workflows, tags = {}) => {
    const id = await engine.start(name, { input: null, tags });
    assert.equal(await engine.executor.settled(id), "completed");
  };
  const mined = async (query = "") => {
    const response = await app.request(`/v1/mining${query}`);
    assert.equal(response.status, 200);
    return (await response.json()) as Summary;
  };
  return { folder, clock, engine, app, run, mined };
}

test("runs are mined by workflow, day and tag, and go out as an event log that shows the same", async (t) => {
  const { folder, clock, app, run, mined } = await setup(t);
  await run("plain", { order: "7" });
  clock.advance(1_000);
  await run("plain");
  await run("silent", { order: "7" });
  const all = await mined();
  assert.deepEqual([all.cases, all.events, all.dfg], [3, 5, [["a", "b", 2]]]);
  assert.equal((await mined("?workflow=plain")).cases, 2);
  assert.equal((await mined("?from=2026-11-26")).cases, 2);
  assert.equal((await mined("?to=2026-11-25")).cases, 1);
  const tagged = await mined("?case=tag:order&activity=kind");
  assert.deepEqual([tagged.cases, tagged.events, tagged.activities], [1, 3, 1]);
  assert.deepEqual(tagged.notes, ["1 run without the tag is left out."]);
  assert.equal((await mined("?variants=1")).topVariants.length, 1);
  for (const format of ["xes", "csv"]) {
    const response = await app.request(`/v1/mining/log?format=${format}`);
    const file = join(folder, `log.${format}`);
    writeFileSync(file, await response.text());
    const { log } = await readLog(file, { columns: {} });
    assert.deepEqual(summarize(log, { variantsMax: 10, notes: all.notes }), all);
  }
});

test("of runs whose words are not kept, what remains to be told is mined", async (t) => {
  const { clock, engine, run, mined } = await setup(t);
  await run("silent");
  clock.advance(1_000);
  assert.equal(await eraseUncaptured(engine, 0), 1);
  const { cases, events, startActivities, notes } = await mined("?workflow=silent");
  assert.deepEqual([cases, events, startActivities, notes], [1, 1, { secret: 1 }, []]);
});

test("a question that makes no sense is refused with what was expected", async (t) => {
  const { app } = await setup(t);
  for (const [query, expected] of [
    ["from=yesterday", /expected a day such as 2026-01-31/],
    ["case=order", /expected run, or tag:NAME/],
    ["activity=name", /activity/],
    ["variants=-1", /variants/],
  ] as const) {
    const response = await app.request(`/v1/mining?${query}`);
    const body = (await response.json()) as Record<string, Json>;
    assert.deepEqual([response.status, body.code], [400, "REQUEST_INVALID"]);
    assert.match(String(body.detail), expected);
  }
});
