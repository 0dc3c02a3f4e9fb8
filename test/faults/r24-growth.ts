import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { startDriver } from "./driver.ts";
import { below, type Fault, type FaultContext, type Measure, report, zero } from "./fault.ts";
import { assertSound } from "./record.ts";

// A busy engine with a retention of one day lives through many. The file must come back to what the runs
// of the last day take in a folder of their own, and no run that waits may miss anything. For some days a
// reader of another process holds a snapshot: until it lets go, SQLite can use no page of the log anew.

const logMb = 64;
/** Above this, the engine says that somebody holds the log. */
const warnedMb = 256;

interface Day {
  readonly begins?: number;
  readonly day?: number;
  readonly pruned?: number;
  readonly runsPerSecond: number;
  readonly retainedPerSecond: number;
  readonly fileBytes: number;
  /** At its largest in the day; and at its end, when the reader may be gone. */
  readonly walBytes: number;
  readonly walBytesAtEnd: number;
  readonly isWarned: boolean;
  readonly peakMb: number;
  readonly ended?: number;
}

export const fault: Fault = {
  id: "R24",
  title: "growth under a retention of one day, with an outside reader that holds a snapshot for some days",
  promise: "G2 G14",
  async run(context) {
    const { runs, days } = context.full ? { runs: 1_000_000, days: 20 } : { runs: 2_000, days: 5 };
    const readerDays = [Math.floor(days / 4), Math.floor(days / 2)] as const;
    writeProject(context.scratch);
    const lived = await live(context, "lived", [String(runs), String(days)], readerDays);
    await assertSound(join(context.scratch, "lived"));
    const fresh = await live(context, "fresh", [String(runs), String(days), "--only-last"]);
    return measuresOf({ runs, days, readerDays, lived, fresh });
  },
};

function writeProject(folder: string): void {
  mkdirSync(join(folder, "workflows"));
  const text = "x".repeat(200);
  writeFileSync(
    join(folder, "workflows/short.yaml"),
    `workflow: short\nsteps:\n  - { id: one, transform: { value: "{{ input.n }} ${text}" } }\n`,
  );
  writeFileSync(
    join(folder, "workflows/long.yaml"),
    `workflow: long
steps:
  - { id: child, workflow: { name: short, input: { n: "{{ input.n }}" } } }
  - { id: told, wait: { event: go } }
  - { id: after, transform: { value: "{{ child.value }}" } }
`,
  );
}

/** Lives through the days in a folder of its own; an outside reader holds a snapshot from one day to another. */
async function live(
  { scratch, progress }: FaultContext,
  name: string,
  args: readonly string[],
  [readFrom, readTo]: readonly [number, number] = [-1, -1],
): Promise<readonly Day[]> {
  const home = join(scratch, name, ".flyball");
  mkdirSync(home, { recursive: true });
  let reader: DatabaseSync | undefined;
  const { ended } = startDriver<Day>("drive-growth.ts", [home, scratch, ...args], {
    hear(news) {
      if (news.begins === readFrom) reader = snapshotOf(home);
      if (news.begins === readTo) reader?.close();
      if (news.day !== undefined) progress(JSON.stringify(news));
    },
  });
  return ended;
}

function snapshotOf(home: string): DatabaseSync {
  const reader = new DatabaseSync(join(home, "flyball.db"), { readOnly: true });
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM runs").get();
  return reader;
}

function measuresOf(what: {
  readonly runs: number;
  readonly days: number;
  readonly readerDays: readonly [number, number];
  readonly lived: readonly Day[];
  readonly fresh: readonly Day[];
}): readonly Measure[] {
  const { runs, days, readerDays, lived, fresh } = what;
  const all = lived.filter((news) => news.day !== undefined);
  const isRead = ({ day = 0 }: Day) => day >= readerDays[0] && day <= readerDays[1];
  const mb = (bytes: number) => Math.round(bytes / 104_857.6) / 10;
  const most = (list: readonly Day[], of: keyof Day) => Math.max(...list.map((day) => Number(day[of])));
  const [file, live] = [lived.at(-1)?.fileBytes ?? 0, fresh.at(-1)?.fileBytes ?? 1];
  const pruned = lived.at(-1)?.pruned ?? 0;
  const expected = (runs / days) * (days - 1);
  return [
    { name: "runs pruned", value: pruned, target: `${expected}`, ok: pruned === expected },
    zero("waiting runs that retention kept from going on", 20 - (lived.at(-1)?.ended ?? 0), 20),
    report("file after the last pass", mb(file), "MB"),
    report("file of a folder that never held more than what is left", mb(live), "MB"),
    {
      name: "one in terms of the other",
      value: Math.round((file / live) * 100) / 100,
      target: "<= 1.5",
      ok: file <= 1.5 * live,
    },
    report("file at its largest after a pass", mb(most(all, "fileBytes")), "MB"),
    below(
      "write-ahead log at its largest, without the reader",
      mb(
        most(
          all.filter((day) => !isRead(day)),
          "walBytes",
        ),
      ),
      {
        max: logMb,
        unit: "MB",
      },
    ),
    report(
      "write-ahead log at its largest, while the reader holds it",
      mb(most(all.filter(isRead), "walBytes")),
      "MB",
    ),
    zero(
      `days that ended without a warning of a log above ${warnedMb} MB`,
      all.filter(({ walBytesAtEnd, isWarned }) => mb(walBytesAtEnd) > warnedMb && !isWarned).length,
      all.filter(isRead).length,
    ),
    report("memory at its largest", most(all, "peakMb"), "MB"),
    report(
      "runs pruned per second, slowest day",
      Math.min(...all.slice(1).map((day) => day.retainedPerSecond)),
    ),
    report("runs per second, slowest day", Math.min(...all.map((day) => day.runsPerSecond))),
  ];
}
