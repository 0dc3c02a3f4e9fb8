import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { dirname, join } from "node:path";
import { type Machine, machine } from "../../bench/machine.ts";
import { readProjectFile, root } from "../source-text.ts";
import type { Fault, Measure } from "./fault.ts";
import type { Outcome } from "./run.ts";

/** What the last full run of one row measured, where, and with what. */
interface Row {
  readonly title: string;
  readonly promise: string;
  readonly seed: number;
  readonly seconds: number;
  readonly measures: readonly Measure[];
  readonly failure: string | null;
  readonly measured: string;
  readonly machine: Machine & { readonly kernel: string };
  readonly flyball: string;
}

/** The rows that were ever measured, by id. */
export type Rows = Readonly<Record<string, Row>>;

const recordedFile = join(root, "docs/reference/reliability.json");
export const pageFile = "docs/reference/reliability.md";

export function recordedRows(): Rows {
  return existsSync(recordedFile) ? JSON.parse(readFileSync(recordedFile, "utf8")) : {};
}

/** Keeps the rows of other runs, so that a run of one row replaces only that one. */
export function recordRow(fault: Fault, seed: number, outcome: Outcome): void {
  const { title, promise, id } = fault;
  const { measures, failure, seconds } = outcome;
  const row: Row = {
    title,
    promise,
    seed,
    seconds,
    measures,
    failure: failure && "failed",
    measured: new Date().toISOString().slice(0, 10),
    machine: { ...machine(), kernel: release() },
    flyball: JSON.parse(readProjectFile("package.json")).version,
  };
  const rows = Object.entries({ ...recordedRows(), [id]: row }).sort(([one], [other]) =>
    byNumber(one, other),
  );
  mkdirSync(dirname(recordedFile), { recursive: true });
  writeFileSync(recordedFile, `${JSON.stringify(Object.fromEntries(rows), null, 2)}\n`);
  writeFileSync(join(root, pageFile), page(Object.fromEntries(rows)));
}

function byNumber(one: string, other: string): number {
  return Number(one.slice(1)) - Number(other.slice(1));
}

/** The page, made of nothing but the recorded rows. */
export function page(rows: Rows): string {
  const entries = Object.entries(rows);
  return [
    "# Reliability, measured",
    "",
    "Written by `npm run faults`, which runs every fault test at full size; `npm run faults -- R1 R3` measures single rows anew. The results are in `reliability.json`. [The guide](../guide/reliability.md) says what is promised and what each test does.",
    "",
    "| row | what | value | target | trials | seed | seconds | verdict |",
    "| --- | --- | --- | --- | ---: | ---: | ---: | --- |",
    ...entries.flatMap(([id, row]) => lines(id, row)),
    "",
    "## Measured on",
    "",
    ...machineLines(entries),
    "",
  ].join("\n");
}

function lines(id: string, row: Row): string[] {
  const verdict = row.failure ? "**failed**" : "passed";
  const head = `| **${id}** | ${row.title} (${row.promise}) | | | | ${row.seed} | ${row.seconds} | ${verdict} |`;
  return [head, ...row.measures.map(measureLine)];
}

function measureLine({ name, value, unit, target, trials, ok }: Measure): string {
  const shown = unit ? `${value} ${unit}` : String(value);
  return `| | ${name} | ${shown} | ${target ?? ""} | ${trials ?? ""} | | | ${ok ? "" : "**missed**"} |`;
}

/** One line for each set of machine, versions and day, with its rows. */
function machineLines(entries: readonly (readonly [string, Row])[]): string[] {
  const groups = new Map<string, string[]>();
  for (const [id, row] of entries) {
    const { cpu, cores, memoryGib, kernel, node, sqlite } = row.machine;
    const what = `${row.measured}: ${cores} cores (${cpu}), ${memoryGib} GiB, Linux ${kernel}; Flyball ${row.flyball}, Node ${node}, SQLite ${sqlite}`;
    groups.set(what, [...(groups.get(what) ?? []), id]);
  }
  return [...groups].map(([what, ids]) => `- ${ids.join(" ")}: ${what}`);
}
