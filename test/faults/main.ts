/** npm run faults: every fault test at full size, then docs/reference/reliability.md. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../source-text.ts";
import type { Fault } from "./fault.ts";
import { lacking } from "./needs.ts";
import { pageFile, recordRow } from "./report.ts";
import { allFaults, type Outcome, runFault } from "./run.ts";

const help = `usage: npm run faults -- [ROW ...] [--short] [--seed N] [--json]

Runs the fault tests at full size and writes what they measured into ${pageFile}.

  R1 R3      only these rows; the others keep what was measured before (default: all, none skipped)
  --short    the size of \`npm test\`, which records nothing
  --seed N   another draw of what is random (default 1)
  --json     the results as JSON Lines on standard output

Exit code 1 when a row fails, or lacks what it needs of the machine.`;

interface Options {
  readonly short: boolean;
  readonly json: boolean;
  readonly seed: number;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      short: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const options = { ...values, seed: Number(values.seed) };
  const faults = await allFaults();
  const unknown = positionals.filter((id) => !faults.some((fault) => fault.id === id));
  if (unknown.length > 0 || !Number.isSafeInteger(options.seed)) {
    note(`There is no row ${unknown.join(", ")}; there are ${faults.map(({ id }) => id).join(", ")}.`);
    return 2;
  }
  const chosen = positionals.length > 0 ? faults.filter(({ id }) => positionals.includes(id)) : faults;
  const failed: string[] = [];
  for (const fault of chosen) if (!(await runRow(fault, options)).ok) failed.push(fault.id);
  if (!options.short) note(`Written: ${pageFile}`);
  note(failed.length === 0 ? `All ${chosen.length} rows passed.` : `Failed: ${failed.join(", ")}.`);
  return failed.length === 0 ? 0 : 1;
}

async function runRow(fault: Fault, { short, json, seed }: Options): Promise<Outcome> {
  note(`${fault.id} ${fault.title}`);
  const lacks = lacking(fault.needs);
  const outcome: Outcome =
    lacks.length > 0
      ? { ok: false, measures: [], failure: `this machine lacks ${lacks.join("; ")}`, seconds: 0 }
      : await runFault(fault, { full: !short, seed, progress: (text) => note(`  ${fault.id} ${text}`) });
  if (!short && lacks.length === 0) recordRow(fault, seed, outcome);
  if (json) console.log(JSON.stringify({ id: fault.id, seed, ...outcome }));
  for (const { name, value, unit = "", target, ok } of outcome.measures)
    note(`  ${ok ? "ok    " : "MISSED"} ${name}: ${value} ${unit}${target ? ` (target ${target})` : ""}`);
  note(outcome.ok ? `  passed in ${outcome.seconds} s` : `  FAILED: ${outcome.failure}`);
  return outcome;
}

function note(text: string): void {
  console.error(text);
}

// As the command line and the tests have it: without it, each start of a host compiles everything anew.
process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules/.cache/compile");
process.exitCode = await main();
