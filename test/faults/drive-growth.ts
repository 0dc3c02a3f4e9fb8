/**
 * `node drive-growth.ts HOME PROJECT RUNS DAYS`: lives through so many days, each with its share of the
 * runs, and applies retention after one day. Runs of the first day that wait live through all of it. With
 * `--only-last`: only what is still there at the end, for comparison.
 */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { applyRetention } from "../../src/core/executor/index.ts";
import { type Engine, openEngine } from "../../src/engine.ts";
import { SettableClock } from "./clocks.ts";
import { forEach, memory, tell } from "./driver.ts";

const [home = "", project = "", runs, days, mode] = process.argv.slice(2);
const perDay = Math.ceil(Number(runs) / Number(days));
const isOnlyLast = mode === "--only-last";
const dayMs = 86_400_000;
const waiting = 20;
const policy = { bodies: "1d", decisions: "1d" };

const clock = new SettableClock();
const engine = await openEngine({ home, clock, onFatal: (error) => assert.fail(error) });
const releases = {
  short: (await engine.open(join(project, "workflows/short.yaml"))).release,
  long: (await engine.open(join(project, "workflows/long.yaml"))).release,
};

/** The largest that the write-ahead log has been since this was last asked. */
let walBytes = 0;
const size = (name: string) => statSync(join(home, name), { throwIfNoEntry: false })?.size ?? 0;
const watching = setInterval(() => {
  walBytes = Math.max(walBytes, size("flyball.db-wal"));
}, 20);

const ids = Array.from({ length: waiting }, (_, n) => `long-${n}`);
for (const id of ids) await engine.executor.start({ release: releases.long, input: { n: 1 }, id });
for (const id of ids) assert.equal(await engine.executor.settled(id), "waiting");

for (let day = isOnlyLast ? Number(days) - 1 : 0; day < Number(days); day++) {
  tell({ begins: day });
  const startedMs = clock.monotonic();
  await forEach(perDay, 256, async (n) => {
    const id = await engine.executor.start({ release: releases.short, input: { n } });
    assert.equal(await engine.executor.settled(id), "completed");
  });
  const ranMs = clock.monotonic() - startedMs;
  // Half a day later, what ended the day before is older than a day.
  clock.set(dayMs / 2);
  const retained = await applyRetention(engine, policy);
  clock.set(dayMs / 2);
  tell({
    day,
    retained,
    runsPerSecond: Math.round((perDay * 1_000) / ranMs),
    retainedPerSecond: Math.round((retained * 1_000) / (clock.monotonic() - startedMs - ranMs)),
    fileBytes: size("flyball.db"),
    walBytes,
    walBytesAtEnd: size("flyball.db-wal"),
    isWarned: engine.warnings.length > 0,
    ...memory(),
  });
  walBytes = 0;
}

clearInterval(watching);
const said = await engine.journal.read("retention");
const pruned = said.reduce((sum, { data }) => sum + Number(data?.runs ?? 0), 0);
tell({ pruned, fileBytes: size("flyball.db"), ended: await endLongRuns(engine) });
await engine.close();

/** What has waited all the time goes on as if it had been asked yesterday. */
async function endLongRuns({ executor, control, command }: Engine): Promise<number> {
  for (const id of ids) await command.call(engine, id, { kind: "signal", event: "go", data: 1 });
  for (const id of ids) await executor.settled(id);
  return ids.filter((id) => control.run(id)?.status === "completed").length;
}
