/**
 * `node drive-provider-runs.ts HOME PROJECT`: a run of every workflow of the project, each of which asks a
 * provider once; tells how it ended, and what the journal has of its step.
 */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { openEngine } from "../../src/engine.ts";
import { tell } from "./driver.ts";

/** A run, and what is on disk of it. */
export interface ToldRun {
  readonly workflow: string;
  readonly status: string;
  /** Results of steps that the journal holds. */
  readonly results: number;
}

const [home = "", project = ""] = process.argv.slice(2);
for (const name of ["OPENAI", "ANTHROPIC", "GOOGLE"]) process.env[`${name}_API_KEY`] = "key";

const engine = await openEngine({ home, onFatal: (error) => assert.fail(error) });

async function run(file: string): Promise<void> {
  const { release } = await engine.open(join(project, file));
  const id = await engine.executor.start({ release, input: {} });
  const status = await engine.executor.settled(id);
  const events = await engine.journal.read(`run/${id}`);
  const results = events.filter(({ type }) => type === "step.completed").length;
  tell({ workflow: release.workflow, status, results });
}

await Promise.all(globSync("workflows/*.yaml", { cwd: project }).map(run));
await engine.close();
