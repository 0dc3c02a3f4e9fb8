import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { derivedId, ManualClock } from "../../src/core/base/index.ts";
import { viewRun } from "../../src/core/executor/index.ts";
import { eventsOf, type Verification } from "../../src/core/journal/index.ts";
import { type Engine, openEngine } from "../../src/engine.ts";
import { flyball } from "../command.ts";
import type { GoldenRun } from "./record.ts";

// Each release leaves a data folder behind, with runs that have ended and runs that have not. Every later
// version must verify it, replay it, and bring each run to its end.

const hourMs = 3_600_000;
const names = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "project")
  .map(({ name }) => name);

test("there is a recording", () => assert.ok(names.length > 0));

for (const name of names)
  test(`what ${name} left behind verifies, replays, and comes to its end`, async (t) => {
    const golden = join(import.meta.dirname, name);
    const home = mkdtempSync(join(tmpdir(), "flyball-golden-"));
    mkdirSync(join(home, "blobs"));
    writeFileSync(join(home, "flyball.db"), gunzipSync(readFileSync(join(golden, "flyball.db.gz"))));
    const runs: Record<string, GoldenRun> = JSON.parse(readFileSync(join(golden, "runs.json"), "utf8"));
    const clock = new ManualClock();
    clock.advance(60_000);
    const engine = await openEngine({ home, clock });
    t.after(async () => {
      await engine.close();
      rmSync(home, { recursive: true });
    });
    assert.deepEqual((await verified(engine, home, join(golden, "seal.pub.pem"))).firstBad, null);
    for (const [id, { workflow, status }] of Object.entries(runs))
      assert.equal(engine.control.run(id)?.status, status, workflow);
    for (const [id, run] of Object.entries(runs)) await bringToEnd(engine, clock, id, run);
    for (const [id, { workflow, end }] of Object.entries(runs)) {
      const view = viewRun(id, await engine.journal.read(`run/${id}`));
      assert.deepEqual(
        { status: view.status, output: view.output },
        end,
        `${workflow}: ${view.error?.message}`,
      );
    }
  });

/** The seals are of the key of the folder that was recorded, of which only the public half is kept. */
async function verified(engine: Engine, home: string, keyFile: string): Promise<Verification> {
  const publicKey = readFileSync(keyFile, "utf8");
  const events = await eventsOf(engine.journal);
  const seals = (await engine.journal.seals()).map((seal) => ({ seal, publicKey }));
  const file = join(home, "export.jsonl");
  writeFileSync(file, [...events, ...seals].map((line) => `${JSON.stringify(line)}\n`).join(""));
  return JSON.parse((await flyball(["verify", file, "--json"], { cwd: home })).stdout);
}

async function bringToEnd(engine: Engine, clock: ManualClock, id: string, run: GoldenRun): Promise<void> {
  for (const act of run.acts) {
    if (act === "approve") await approve(engine, id);
    else if (act === "pay") await engine.command(id, { kind: "signal", event: "payment", data: 7 });
    else if (act === "resume")
      await engine.command(id, { kind: "resume", by: "local", skip: { value: "skipped" } });
    else clock.advance(3 * hourMs);
    await engine.executor.settled(id);
  }
}

/** The open question of the run, or of its child. */
async function approve(engine: Engine, id: string): Promise<void> {
  const waiting = engine.control.run(id);
  const asker = waiting?.waitingFor === "child" ? String(waiting.waitingKey) : id;
  const [review] = engine.control.reviews({ status: "open", run: asker, limit: 1 });
  await engine.decide(review?.id ?? derivedId("none"), { decision: "approve", reviewer: "local" });
  await engine.executor.settled(asker);
}
