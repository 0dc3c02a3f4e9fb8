import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { driven } from "./driven.ts";
import { drive, problemsOf, writeProject } from "./every-feature.ts";
import { type Fault, type FaultContext, zero } from "./fault.ts";
import { type Sink, startSink } from "./sink.ts";

// A process that drives one run through everything is killed at its first write, another at its second,
// and so on until one ends by itself; each folder is then taken up and must be as if nothing had happened.

const points = { most: 1_000, shortStep: 19 };
/** The process that takes the run up is killed too, at one of its first writes. */
const secondKills = 7;

interface Tally {
  killed: number;
  twice: number;
  readonly failures: string[];
  repeatedTwice: number;
  onceTwice: number;
}

export const fault: Fault = {
  id: "R2",
  title: "`kill -9` before and after each write of a run with every feature, and again while it is taken up",
  promise: "G1 G2 G3 G4",
  async run(context) {
    const sink = await startSink({ delayMs: 0, failEvery: 3 });
    const tally: Tally = { killed: 0, twice: 0, failures: [], repeatedTwice: 0, onceTwice: 0 };
    try {
      writeProject(context.scratch, sink.port, "everything");
      const step = context.full ? 1 : points.shortStep;
      for (const side of ["before", "after"])
        for (let write = 1; await killedAt({ side, write }, sink, context, tally); write += step)
          assert.ok(write < points.most, "the process must end by itself some time");
    } finally {
      await sink.close();
    }
    const { killed, twice, failures } = tally;
    if (failures.length > 0) context.progress(failures.slice(0, 10).join("\n"));
    return [
      { name: "points at which the process was killed", value: killed, target: "> 0", ok: killed > 0 },
      { name: "of them killed again while it was taken up", value: twice, ok: true },
      zero("points after which something was lost, doubled or stuck", failures.length, killed),
      zero("calls made more often than there were kills and one", tally.repeatedTwice, killed),
      zero("calls of a step with `once` made twice", tally.onceTwice, killed),
    ];
  },
};

interface Point {
  readonly side: string;
  readonly write: number;
}

/** False when the process ended before it had so many writes. */
async function killedAt(point: Point, sink: Sink, { scratch, full, progress }: FaultContext, tally: Tally) {
  const home = join(scratch, `${point.side}-${point.write}`);
  const name = `${point.side} write ${point.write}`;
  mkdirSync(home);
  const before = new Map(sink.answered);
  const first = await driveUntilKilled(home, scratch, point);
  const again = full && first.killed ? { side: "after", write: 1 + (point.write % secondKills) } : undefined;
  const second = again ? await driveUntilKilled(home, scratch, again) : { killed: false, lines: [] };
  await drive(home, scratch, () => {});
  const problems = await problemsOf(home, [...first.lines, ...second.lines]);
  if (problems.length > 0) tally.failures.push(`${name}: ${problems.join("; ")}`);
  const kills = Number(first.killed) + Number(second.killed);
  for (const [key, count] of sink.answered) {
    const calls = count - (before.get(key) ?? 0);
    if (calls > kills + 1) tally.repeatedTwice += 1;
    if (calls > 1 && key.endsWith("/paid")) tally.onceTwice += 1;
  }
  tally.killed += Number(first.killed);
  tally.twice += Number(second.killed);
  if (problems.length === 0) rmSync(home, { recursive: true });
  if (point.write % 20 === 0) progress(`${name}: ${tally.failures.length} failures`);
  return first.killed;
}

function driveUntilKilled(home: string, project: string, { side, write }: Point) {
  return driven(home, project, { preload: "preload-crash-at.ts", env: { CRASH_AT: `${side}:${write}` } });
}
