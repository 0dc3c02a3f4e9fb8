/**
 * `node drive-sleepers.ts HOME PROJECT COUNT MODE`: so many runs that each sleep, from a second to ten years.
 *
 * - `begin`: starts them and goes on waking them, until it is killed.
 * - `rest`: takes them up, wakes those that fall due in real time for some seconds, and then leaps from one
 *   due time to the next until none sleeps.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { seededRandom } from "../../src/core/base/index.ts";
import { openEngine } from "../../src/engine.ts";
import { LeapingClock } from "./clocks.ts";
import { forEach, memory, tell } from "./driver.ts";

const [home = "", project = "", sleepers, mode = "", seed = "1", realSeconds = "10"] = process.argv.slice(2);
const count = Number(sleepers);
const years10Ms = 10 * 365 * 86_400_000;

const clock = new LeapingClock();
const openedMs = clock.now();
const engine = await openEngine({ home, clock, onFatal: (error) => assert.fail(error) });
const { release } = await engine.open(join(project, "workflows/sleeps.yaml"));

/** Equally many in each span of a given ratio: as many from 1 s to 10 s as from a year to ten. */
function sleepMs(n: number): number {
  return Math.round(1_000 * (years10Ms / 1_000) ** seededRandom(`${seed}/${n}`).next());
}

async function rest(ms: number): Promise<void> {
  await new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));
}

if (mode === "begin") {
  await forEach(count, 50, async (n) => {
    await engine.executor.start({ release, input: { ms: sleepMs(n) }, id: `sleeper-${n}` });
  });
  tell({ started: count, ...memory() });
  await rest(Number(realSeconds) * 1_000);
  tell({ ready: true, ...memory() });
  await rest(600_000);
}

tell({ up: openedMs });
await rest(Number(realSeconds) * 1_000);
tell({ realUntil: clock.now(), ...memory() });
for (;;) {
  while (!engine.executor.isIdle) await rest(0);
  const nextMs = engine.control.nextDueAt(0);
  if (nextMs === undefined) break;
  const inMs = nextMs - clock.now();
  if (inMs > 0) clock.leap(inMs);
  // It is due, and the engine's own timer will tell it within the millisecond.
  else await rest(1);
}
tell({ counts: engine.control.countRuns(), ...memory() });
await engine.close();
