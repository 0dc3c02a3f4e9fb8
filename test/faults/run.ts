import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/core/base/index.ts";
import type { Fault, Measure } from "./fault.ts";

/** How one test ended. */
export interface Outcome {
  readonly ok: boolean;
  readonly measures: readonly Measure[];
  /** What it threw, or which measures missed their target. */
  readonly failure: string | null;
  readonly seconds: number;
}

/** Every row of the table: a file `rNN-….ts` is a row. */
export async function allFaults(): Promise<readonly Fault[]> {
  const files = globSync("r[0-9]*.ts", { cwd: import.meta.dirname }).sort();
  return Promise.all(
    files.map(async (file) => {
      const module: { fault?: Fault } = await import(join(import.meta.dirname, file));
      if (!module.fault) throw new Error(`${file} does not export its fault`);
      return module.fault;
    }),
  );
}

/** Runs one test in a folder of its own; the folder stays when it fails, and the failure names it. */
export async function runFault(
  fault: Fault,
  options: { readonly full: boolean; readonly seed: number; progress(text: string): void },
): Promise<Outcome> {
  const scratch = mkdtempSync(join(tmpdir(), `flyball-${fault.id.toLowerCase()}-`));
  const startedMs = systemClock.monotonic();
  const ended = (measures: readonly Measure[], failure: string | null): Outcome => ({
    ok: failure === null,
    measures,
    failure: failure && `${failure} (${scratch})`,
    seconds: Math.round((systemClock.monotonic() - startedMs) / 100) / 10,
  });
  try {
    const measures = await fault.run({ ...options, scratch });
    const missed = measures.filter(({ ok }) => !ok);
    if (measures.length === 0) return ended([], "it measured nothing");
    if (missed.length > 0) return ended(measures, missed.map(missedText).join("; "));
    rmSync(scratch, { recursive: true, force: true });
    return ended(measures, null);
  } catch (error) {
    return ended([], error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function missedText({ name, value, unit = "", target }: Measure): string {
  return `${name}: ${value} ${unit}`.trimEnd() + (target ? `, not ${target}` : "");
}
