// How fast an event log is mined, and how much memory that takes: the largest log of the data beside the
// project, and a log of 262,200 events that repeats its traces, which is the size of BPI Challenge 2012.
// Prints one JSON line each, with the machine. Run it: npm run bench -- mining [LOG …]
// Each log has a process of its own, so that the peak is its own. Without the data the bench says so.
import { execFileSync } from "node:child_process";
import { createWriteStream, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { systemClock } from "../src/core/base/index.ts";
import {
  readLog,
  summarize,
  variantsShownDefault,
  XesWriter,
  type XmlElement,
} from "../src/loop/mining/index.ts";
import { machine } from "./machine.ts";

const data = resolve(import.meta.dirname, "../../shared/data/pm4py_logs");
const largeEvents = 262_200;
/** What pm4py takes to import a log of this size, as the data's README says of a machine like ours. */
const peerSeconds = 6.9;

interface Figure {
  readonly log: string;
  readonly events: number;
  readonly cases: number;
  readonly variants: number;
  readonly readSeconds: number;
  readonly foldSeconds: number;
  readonly cpuSeconds: number;
  readonly eventsPerSecond: number;
  readonly peakMemoryMib: number;
}

async function measure(file: string): Promise<Figure> {
  const startedMs = systemClock.monotonic();
  const { log } = await readLog(file, { columns: {} });
  const readMs = systemClock.monotonic() - startedMs;
  const { events, cases, variants } = summarize(log, { variantsMax: variantsShownDefault });
  const tookMs = systemClock.monotonic() - startedMs;
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const seconds = (ms: number) => Number((ms / 1_000).toFixed(2));
  return {
    log: basename(file),
    events,
    cases,
    variants,
    readSeconds: seconds(readMs),
    foldSeconds: seconds(tookMs - readMs),
    cpuSeconds: seconds((userCPUTime + systemCPUTime) / 1_000),
    eventsPerSecond: Math.round(events / (tookMs / 1_000)),
    peakMemoryMib: Math.round(maxRSS / 1_024),
  };
}

/** In a process of its own. */
function measureAlone(file: string): Figure {
  const text = execFileSync(process.execPath, [import.meta.filename, "--alone", file], { encoding: "utf8" });
  return JSON.parse(text);
}

/** The traces of a log over and over, until there are so many events. */
async function enlarged(file: string, to: string): Promise<void> {
  const parts: XmlElement[] = [];
  await readLog(file, {
    columns: {},
    async onParts(some) {
      parts.push(...some);
    },
  });
  const traces = parts.filter(({ name }) => name === "trace");
  const writer = new XesWriter();
  const texts = function* () {
    for (const part of parts) if (part.name !== "trace") yield writer.part(part);
    for (let events = 0, index = 0; events < largeEvents && traces.length > 0; index++) {
      const trace = traces[index % traces.length];
      if (!trace) return;
      events += trace.children.filter(({ name }) => name === "event").length;
      yield writer.part(trace);
    }
    yield writer.end();
  };
  await pipeline(Readable.from(texts()), createGzip(), createWriteStream(to));
}

function largest(): Figure | undefined {
  const files = existsSync(data) ? readdirSync(data).filter((name) => name.endsWith(".xes.gz")) : [];
  const figures = files.map((name) => measureAlone(join(data, name)));
  return figures.sort((one, other) => other.events - one.events)[0];
}

function show(figure: Figure): void {
  console.log(JSON.stringify({ bench: "mining", ...figure, ...machine() }));
}

export async function main(args: string[]): Promise<void> {
  const [first, file] = args;
  if (first === "--alone" && file !== undefined) return console.log(JSON.stringify(await measure(file)));
  if (first !== undefined) return args.map(measureAlone).forEach(show);
  const figure = largest();
  if (!figure) return console.log(JSON.stringify({ bench: "mining", skipped: "skipped: no data" }));
  show(figure);
  const folder = mkdtempSync(join(tmpdir(), "flyball-bench-"));
  try {
    const large = join(folder, `${figure.log.replace(".xes.gz", "")}-repeated.xes.gz`);
    await enlarged(join(data, figure.log), large);
    const repeated = measureAlone(large);
    show(repeated);
    const tookSeconds = repeated.readSeconds + repeated.foldSeconds;
    console.log(
      `pm4py reads a log of this size in ${peerSeconds} s; read and mined here in ${tookSeconds.toFixed(1)} s`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) await main(process.argv.slice(2));
