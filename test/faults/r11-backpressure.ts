import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDriver } from "./driver.ts";
import { below, type Fault, report, zero } from "./fault.ts";
import { assertSound } from "./record.ts";

// Runs are handed in many times faster than four workers end them, until the queue is full and long after.

interface News {
  readonly accepted: number;
  readonly refused: number;
  readonly withoutAdvice: number;
  readonly peakQueued: number;
  readonly ended: number;
  readonly rows: number;
  readonly faster: number;
  readonly halfMb: number;
  readonly fullMb: number;
  readonly peakMb: number;
}

export const fault: Fault = {
  id: "R11",
  title: "more runs handed in than are worked off, against a queue that is full",
  promise: "G1 G2 G14",
  async run({ full, scratch, progress }) {
    const places = full ? 10_000 : 300;
    mkdirSync(join(scratch, "workflows"));
    const slow = "workflow: slow\nsteps:\n  - { id: pause, wait: { for: 10ms } }\n";
    writeFileSync(join(scratch, "workflows/slow.yaml"), slow);
    const home = join(scratch, ".flyball");
    const { ended } = startDriver<News>("drive-queue.ts", ["pressure", home, scratch, String(places)], {
      hear: (news) => progress(JSON.stringify(news)),
    });
    const [news] = await ended;
    if (!news) throw new Error("the engine ended without a word");
    await assertSound(scratch);
    return [
      { name: "runs refused by the full queue", value: news.refused, target: "> 0", ok: news.refused > 0 },
      zero("of these without Retry-After", news.withoutAdvice, news.refused),
      zero("runs queued above the limit", Math.max(0, news.peakQueued - places - inFlight), places),
      zero("accepted runs that did not end", news.accepted - news.ended, news.accepted),
      zero("runs recorded although refused", news.rows - news.accepted, news.refused),
      report("handed in, in terms of worked off", news.faster, "times"),
      below("memory after three times the queue, in terms of after twice", news.fullMb / news.halfMb, {
        max: 1.5,
      }),
      report("memory at its largest", news.peakMb, "MB"),
    ];
  },
};

/** Requests under way at once: each may pass the look at the queue before the others are on disk. */
const inFlight = 20;
