import { nearestRank } from "../../src/core/base/index.ts";
import type { Machine } from "../machine.ts";
import type { Filled } from "./fill.ts";
import type { PageFacts, Scrolled, Timing } from "./measure.ts";

export interface Measured {
  readonly timings: readonly Timing[];
  readonly scrolled: readonly Scrolled[];
  readonly facts: readonly PageFacts[];
  readonly store: Filled;
  readonly seed: number;
  readonly openings: number;
  readonly browser: string;
  readonly machine: Machine;
  /** Of the machine over a minute: when it began and when it ended. */
  readonly load: readonly [before: number, after: number];
}

export function plainLines({ timings, scrolled, facts }: Measured): readonly string[] {
  return [
    ...timings.map((timing) => {
      const { p50, p95 } = quantilesOf(timing.valuesMs);
      const cpu = quantilesOf(timing.cpuMs).p50;
      return `${timing.what.padEnd(46)} p50 ${whole(p50)} ms, p95 ${whole(p95)} ms, CPU ${whole(cpu)} ms${timing.barMs ? `, at most ${timing.barMs}` : ""}`;
    }),
    ...scrolled.map(
      ({ what, frames, over50Ms, longestMs, longTasks }) =>
        `scroll: ${what}: ${over50Ms} of ${frames} frames over 50 ms, the longest ${whole(longestMs)} ms, ${longTasks} long tasks`,
    ),
    ...facts.map(
      ({ path, shift, scriptKb, axeViolations, trouble }) =>
        `${path}: shift ${shift.toFixed(3)}, scripts ${whole(scriptKb)} KB, axe ${axeViolations}, trouble ${trouble.length}`,
    ),
  ];
}

export function page(measured: Measured): string {
  const { timings, scrolled, facts, store, seed, openings, browser, machine, load } = measured;
  const { cpu, cores, memoryGib, node, sqlite } = machine;
  const date = new Date().toISOString().slice(0, 10);
  const before = load.map((each) => each.toFixed(1)).join(" and ");
  const isCrowded = Math.min(...load) > cores;
  return `# The console before a large store

Written by \`npm run bench -- console\` on ${date}: ${cpu}, ${cores} cores, ${memoryGib} GiB, Node ${node}, SQLite ${sqlite}, Chromium ${browser}; load of the machine (1 minute) when it began and when it ended: ${before}. ${count(store.runs)} runs, ${count(store.events)} events, one run of 2,000 steps; seed ${seed}. What is measured: [the guide](../guide/bench.md).
${isCrowded ? "\nThe machine had more work than cores all the time: what the clock says is mostly waiting for a core. The CPU of the page is what the console takes.\n" : ""}
## How long it takes

From the navigation, or the press of a button, until a frame that shows it has been drawn; ${openings} openings of each.

| what | p50 ms | p95 ms | longest ms | at most | CPU of the page ms |
| --- | --- | --- | --- | --- | --- |
${timings.map(timingRow).join("\n")}

## Scrolling

| what | frames | over 50 ms | longest ms | long tasks of the page |
| --- | --- | --- | --- | --- |
${scrolled.map(scrolledRow).join("\n")}

## Each page

| page | layout shift | scripts, KB as gzip | axe violations | console errors and outside requests |
| --- | --- | --- | --- | --- |
${facts.map(factsRow).join("\n")}
`;
}

function timingRow({ what, valuesMs, cpuMs, barMs }: Timing): string {
  const { p50, p95, longest } = quantilesOf(valuesMs);
  const cpu = quantilesOf(cpuMs).p50;
  return `| ${what} | ${whole(p50)} | ${whole(p95)} | ${whole(longest)} | ${barMs ?? ""} | ${whole(cpu)} |`;
}

function scrolledRow({ what, frames, over50Ms, longestMs, longTasks }: Scrolled): string {
  return `| ${what} | ${frames} | ${over50Ms} | ${whole(longestMs)} | ${longTasks} |`;
}

function factsRow({ path, shift, scriptKb, axeViolations, trouble }: PageFacts): string {
  const shown = path.replace(/[0-9a-f]{8}-[0-9a-f-]+/, "…");
  return `| \`${shown}\` | ${shift.toFixed(3)} | ${whole(scriptKb)} | ${axeViolations} | ${trouble.length} |`;
}

function quantilesOf(valuesMs: readonly number[]) {
  const sorted = valuesMs.toSorted((one, other) => one - other);
  const at = (share: number) => nearestRank(sorted, share) ?? 0;
  return { p50: at(0.5), p95: at(0.95), longest: at(1) };
}

function whole(value: number): string {
  return String(Math.round(value));
}

function count(value: number): string {
  return value.toLocaleString("en");
}
