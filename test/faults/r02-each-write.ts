import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { drive, problemsOf, writeProject } from "./every-feature.ts";
import { type Fault, type FaultContext, zero } from "./fault.ts";
import { compileCache } from "./serving.ts";
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
}

export const fault: Fault = {
  id: "R2",
  title: "`kill -9` before and after each write of a run with every feature, and again while it is taken up",
  promise: "G1 G2 G3 G4",
  async run(context) {
    const sink = await startSink({ delayMs: 0, failEvery: 3 });
    const tally: Tally = { killed: 0, twice: 0, failures: [], repeatedTwice: 0 };
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
  for (const [key, count] of sink.answered)
    if (count - (before.get(key) ?? 0) > kills + 1) tally.repeatedTwice += 1;
  tally.killed += Number(first.killed);
  tally.twice += Number(second.killed);
  if (problems.length === 0) rmSync(home, { recursive: true });
  if (point.write % 20 === 0) progress(`${name}: ${tally.failures.length} failures`);
  return first.killed;
}

async function driveUntilKilled(home: string, project: string, { side, write }: Point) {
  const here = (name: string) => join(import.meta.dirname, name);
  const child = spawn(
    process.execPath,
    ["--import", here("preload-crash-at.ts"), here("drive.ts"), home, project],
    {
      env: { ...process.env, ...compileCache, CRASH_AT: `${side}:${write}` },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on("data", (chunk) => stdout.push(String(chunk)));
  child.stderr.on("data", (chunk) => stderr.push(String(chunk)));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on("close", (...how) => resolve(how)),
  );
  if (signal !== "SIGKILL") assert.equal(code, 0, stderr.join(""));
  const lines = stdout
    .join("")
    .split("\n")
    .filter((line) => line !== "");
  return { killed: signal === "SIGKILL", lines };
}
