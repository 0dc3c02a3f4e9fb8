import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openEngine } from "../../src/engine.ts";
import { startDriver } from "./driver.ts";
import { type Fault, type FaultContext, type Measure, percentile, report, zero } from "./fault.ts";
import { assertSound } from "./record.ts";

// Sleepers from a second to ten years in one process. It is killed while some fall due, another takes up the
// rest: first in real time, then its clock leaps from one due time to the next until all have woken.

interface News {
  readonly ready?: boolean;
  readonly up?: number;
  readonly peakMb?: number;
}

/** What became of the sleepers, and how late each was woken, in milliseconds. */
interface Tally {
  lost: number;
  early: number;
  twice: number;
  readonly lateMs: number[];
}

export const fault: Fault = {
  id: "R9",
  title: "100,000 sleepers from a second to ten years, through a kill and a restart",
  promise: "G3 G6 G14",
  async run(context) {
    const { full, scratch, seed } = context;
    const [count, realSeconds] = full ? [100_000, 20] : [400, 2];
    mkdirSync(join(scratch, "workflows"));
    writeFileSync(
      join(scratch, "workflows/sleeps.yaml"),
      'workflow: sleeps\nsteps:\n  - { id: sleep, wait: { for: "{{ input.ms / 1000 }}" } }\n',
    );
    const home = join(scratch, ".flyball");
    const args = [home, scratch, String(count)];
    const more = [String(seed), String(realSeconds)];
    const before = await live([...args, "begin", ...more], context);
    const after = await live([...args, "rest", ...more], context);
    const upAt = after.find(({ up }) => up !== undefined)?.up ?? 0;
    const peakMb = Math.max(...[...before, ...after].map((news) => news.peakMb ?? 0));
    const tally = await tallyOf(home, count, upAt);
    await assertSound(scratch);
    return measuresOf(tally, count, peakMb);
  },
};

/** One life of the engine; a first one is killed once it is ready. */
function live(args: readonly string[], { progress }: FaultContext): Promise<readonly News[]> {
  const { child, ended } = startDriver<News>("drive-sleepers.ts", args, {
    nodeArgs: ["--max-semi-space-size=32"],
    hear(news) {
      progress(JSON.stringify(news));
      if (news.ready) child.kill("SIGKILL");
    },
  });
  return ended;
}

/** A sleeper cannot be woken while no process is up, so what fell due then counts from the restart. */
async function tallyOf(home: string, count: number, upAt: number): Promise<Tally> {
  const engine = await openEngine({ home, recover: false });
  const tally: Tally = { lost: 0, early: 0, twice: 0, lateMs: [] };
  try {
    for (let n = 0; n < count; n++) {
      const events = await engine.journal.read(`run/sleeper-${n}`);
      const woken = events.filter(({ type }) => type === "step.completed");
      const waited = events.find(({ type }) => type === "step.waited");
      const dueAt = Number((waited?.data?.wait as { dueAt?: number } | undefined)?.dueAt);
      const wokenAt = woken[0]?.at ?? Number.NaN;
      if (events.at(-1)?.type !== "run.completed") tally.lost += 1;
      if (woken.length > 1) tally.twice += 1;
      if (wokenAt < dueAt) tally.early += 1;
      const possibleAt = (waited?.at ?? 0) < upAt && wokenAt >= upAt ? Math.max(dueAt, upAt) : dueAt;
      tally.lateMs.push(wokenAt - possibleAt);
    }
    return tally;
  } finally {
    await engine.close();
  }
}

function measuresOf(
  { lost, early, twice, lateMs }: Tally,
  count: number,
  peakMb: number,
): readonly Measure[] {
  const p99 = percentile(lateMs, 0.99);
  return [
    zero("sleepers that did not wake", lost, count),
    zero("woken before their time", early, count),
    zero("woken twice", twice, count),
    { name: "lateness, p99", value: p99, unit: "ms", target: "<= 1000 ms", trials: count, ok: p99 <= 1_000 },
    report(
      "lateness at its largest",
      lateMs.reduce((most, ms) => Math.max(most, ms), 0),
      "ms",
    ),
    { name: "memory at its largest", value: peakMb, unit: "MB", target: "<= 300 MB", ok: peakMb <= 300 },
  ];
}
