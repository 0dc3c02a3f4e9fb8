/**
 * Durable steps per second of the engine. Each step's result (200 characters) is on disk, with fsync,
 * before the next step of its run begins. Workflows of 1 and of 10 steps at 1, 32 and 256 at once, and
 * in the same run a bare journal (one table, one hash, group commit) that does nothing else, because
 * machines differ and even one machine differs from itself by a third.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Engine, openEngine } from "../src/engine.ts";
import { bareJournal } from "./bare-journal.ts";
import { machine } from "./machine.ts";
import { type Figure, measure } from "./measure.ts";
import { cases, flyballRun, stepResult } from "./workload.ts";

const help = `usage: npm run bench -- engine [--json] [--home DIR] [--seconds N]
  --home DIR   keep the journal there, to count its events (default: a temporary folder)
  --seconds N  how long each figure is measured (default 3)`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: "boolean" },
      home: { type: "string" },
      seconds: { type: "string", default: "3" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return console.log(help);
  const forMs = Number(values.seconds) * 1_000;
  const scratch = mkdtempSync(join(tmpdir(), "flyball-bench-"));
  const engine = await openEngine({ home: resolve(values.home ?? join(scratch, "home")) });
  const context = {
    ...machine(),
    durability: "SQLite WAL, synchronous=FULL, group commit: fsync before each acknowledgement",
  };
  if (!values.json) console.log(`${JSON.stringify(context)}\n`);
  try {
    await warmUp(engine);
    for (const { steps, concurrency } of cases) {
      const folder = join(scratch, `bare-${steps}-${concurrency}`);
      const bare = await measure({ steps, concurrency, forMs }, bareJournal(folder, steps));
      const figure = await measure({ steps, concurrency, forMs }, await flyballRun(engine, steps));
      const ofBare = Number((figure.stepsPerSecond / bare.stepsPerSecond).toFixed(2));
      const bareJournalStepsPerSecond = bare.stepsPerSecond;
      const resultCharacters = stepResult.length;
      if (values.json)
        console.log(
          JSON.stringify({ ...figure, bareJournalStepsPerSecond, ofBare, resultCharacters, ...context }),
        );
      else console.log(line(figure, bare, ofBare));
    }
  } finally {
    await engine.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function warmUp(engine: Engine): Promise<void> {
  await measure({ steps: 10, concurrency: 32, forMs: 1_500 }, await flyballRun(engine, 10));
}

function line(figure: Figure, bare: Figure, ofBare: number): string {
  const { steps, concurrency, stepsPerSecond, p50Ms, p99Ms } = figure;
  const what = `${String(steps).padStart(2)} steps, ${String(concurrency).padStart(3)} at once`;
  const speed = `${String(stepsPerSecond).padStart(7)} steps/s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms a run`;
  return `${what}: ${speed}; bare journal ${bare.stepsPerSecond} steps/s, so ${ofBare} of it`;
}

if (import.meta.main) await main(process.argv.slice(2));
