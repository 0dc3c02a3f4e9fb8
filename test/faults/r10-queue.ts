import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { boundTo } from "./bounded.ts";
import { startDriver } from "./driver.ts";
import { below, type Fault, type FaultContext, type Measure, report, zero } from "./fault.ts";
import { assertSound } from "./record.ts";

// A queue of 100,000 runs before four workers, and as many runs that wait for a person, each in a process
// of 512 MB. Neither may cost memory by the run, nor make the next run or a list slower than a few would.

const megabytes = 512;

interface News {
  readonly perRound: number;
  readonly perSecond: number;
  readonly enqueueP99Ms: number;
  readonly listP95Ms: number;
  readonly completed: number;
  readonly waiting: number;
  readonly peakMb: number;
}

export const fault: Fault = {
  id: "R10",
  title: "100,000 queued runs before four workers, and 100,000 that wait for a person, each in 512 MB",
  promise: "G14",
  async run(context) {
    const count = context.full ? 100_000 : 500;
    writeProject(context.scratch);
    const bound = boundTo(megabytes);
    try {
      const [few, many] = await drive("queue", count, context, bound.under);
      const [asked] = await drive("reviews", count, context, bound.under);
      return [
        ...queueMeasures({ count, few, many, full: context.full }),
        ...reviewMeasures(count, asked, context.full),
        report("bound held by", bound.how),
      ];
    } finally {
      bound.remove();
    }
  },
};

function writeProject(folder: string): void {
  mkdirSync(join(folder, "workflows"));
  const write = (name: string, step: string) =>
    writeFileSync(join(folder, `workflows/${name}.yaml`), `workflow: ${name}\nsteps:\n  - ${step}\n`);
  write("short", '{ id: one, transform: { value: "{{ input.n }}" } }');
  write("asks", '{ id: asked, human_review: { draft: "{{ input.n }}" } }');
}

async function drive(
  mode: string,
  count: number,
  { scratch, progress }: FaultContext,
  under: readonly string[],
): Promise<readonly News[]> {
  const folder = join(scratch, mode);
  const home = join(folder, ".flyball");
  mkdirSync(home, { recursive: true });
  const { ended } = startDriver<News>("drive-queue.ts", [mode, home, scratch, String(count)], {
    under,
    nodeArgs: ["--max-old-space-size=256"],
    hear: (news) => progress(JSON.stringify(news)),
  });
  const news = await ended;
  await assertSound(folder);
  return news;
}

function queueMeasures({
  count,
  few,
  many,
  full,
}: {
  count: number;
  few: News | undefined;
  many: News | undefined;
  full: boolean;
}): readonly Measure[] {
  const share = Math.round((100 * (many?.perSecond ?? 0)) / (few?.perSecond ?? 1));
  const earlier = few?.completed ?? 0;
  return [
    zero("queued runs that did not end", count + earlier - (many?.completed ?? 0), count),
    ...bounded("hand in one more run, p99", many?.enqueueP99Ms, 50, full),
    ...bounded("a list of runs while they are queued, p95", many?.listP95Ms, 200, full),
    report("runs per second with 1,000 queued", few?.perSecond ?? 0),
    report(`runs per second with ${count} queued`, many?.perSecond ?? 0),
    full
      ? { name: "of the speed with 1,000", value: share, unit: "%", target: ">= 80 %", ok: share >= 80 }
      : report("of the speed with few", share, "%"),
    below("memory at its largest, with the queue", many?.peakMb ?? Number.NaN, {
      max: megabytes,
      unit: "MB",
    }),
  ];
}

function reviewMeasures(count: number, asked: News | undefined, full: boolean): readonly Measure[] {
  return [
    zero("runs that do not wait for a person", count - (asked?.waiting ?? 0), count),
    ...bounded("a list of runs while they wait, p95", asked?.listP95Ms, 200, full),
    below("memory at its largest, with what waits", asked?.peakMb ?? Number.NaN, {
      max: megabytes,
      unit: "MB",
    }),
  ];
}

/** A time: held at full size, told at the size of `npm test`, where other tests share the machine. */
function bounded(name: string, ms: number | undefined, max: number, full: boolean): readonly Measure[] {
  const value = ms ?? Number.NaN;
  return [full ? below(name, value, { max, unit: "ms" }) : report(name, value, "ms")];
}
