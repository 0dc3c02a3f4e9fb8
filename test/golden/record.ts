/**
 * Records what a release leaves behind, for all later ones to take up: `node test/golden/record.ts NAME`
 * writes NAME/flyball.db.gz, NAME/seal.pub.pem and NAME/runs.json. A recording is never changed once its release is out.
 *
 * Workflows that a release does not know yet are left out with `--without undone`.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { type Json, ManualClock } from "../../src/core/base/index.ts";
import { type Engine, openEngine } from "../../src/engine.ts";

/** What a recorded run needs to come to its end, and what that end is. */
export interface GoldenRun {
  readonly workflow: string;
  readonly status: string;
  readonly acts: readonly ("approve" | "pay" | "resume" | "hours")[];
  readonly end: { readonly status: string; readonly output: Json };
}

const recordings: readonly (GoldenRun & { readonly input: Json })[] = [
  {
    workflow: "finished",
    input: { items: [1, 5, 0] },
    status: "completed",
    acts: [],
    end: {
      status: "completed",
      output: {
        sizes: [
          "large 10",
          "small 2",
          { error: { code: "EXPRESSION_FAILED", message: "{{ 10 // item }}: // by zero" } },
        ],
        right: 6,
        rounds: 3,
      },
    },
  },
  {
    workflow: "workflows/asked",
    input: null,
    status: "waiting",
    acts: ["approve"],
    end: { status: "completed", output: "Dear customer, sent" },
  },
  {
    workflow: "signalled",
    input: null,
    status: "waiting",
    acts: ["pay", "hours"],
    end: { status: "completed", output: 8 },
  },
  {
    workflow: "paused",
    input: null,
    status: "paused",
    acts: ["resume"],
    end: { status: "completed", output: "skipped and on" },
  },
  {
    workflow: "parent",
    input: null,
    status: "waiting",
    acts: ["approve"],
    end: { status: "completed", output: "child said Dear customer, sent" },
  },
  {
    workflow: "undone",
    input: "tenant",
    status: "waiting",
    acts: ["hours"],
    end: { status: "failed", output: null },
  },
];

async function record(engine: Engine, without: readonly string[]): Promise<Record<string, GoldenRun>> {
  const runs: Record<string, GoldenRun> = {};
  for (const { input, ...golden } of recordings) {
    if (without.includes(golden.workflow)) continue;
    const { release } = await engine.open(join(import.meta.dirname, "project", `${golden.workflow}.yaml`));
    const id = await engine.executor.start({ release, input });
    const status = await engine.executor.settled(id);
    if (status !== golden.status) throw new TypeError(`${golden.workflow} is ${status}`);
    runs[id] = golden;
  }
  return runs;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { without: { type: "string", multiple: true, default: [] } },
    allowPositionals: true,
  });
  const [name] = positionals;
  if (!name) throw new TypeError("usage: node test/golden/record.ts NAME [--without WORKFLOW]");
  const home = mkdtempSync(join(tmpdir(), "flyball-golden-"));
  const engine = await openEngine({ home, clock: new ManualClock() });
  const runs = await record(engine, values.without);
  await engine.close();
  const folder = join(import.meta.dirname, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "flyball.db.gz"),
    gzipSync(readFileSync(join(home, "flyball.db")), { level: 9 }),
  );
  copyFileSync(join(home, "keys/seal.pub.pem"), join(folder, "seal.pub.pem"));
  writeFileSync(join(folder, "runs.json"), `${JSON.stringify(runs, null, 2)}\n`);
  rmSync(home, { recursive: true });
}

if (import.meta.main) await main();
