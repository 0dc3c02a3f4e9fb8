/**
 * The same workflow on Flyball and on its peers, in turn in one run: each at its documented durable
 * setting, in a process of its own with its servers, with warm-up. docs/guide/bench.md says what is
 * compared; docs/decisions/2026-11-25-peers.md says which settings, and why.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Machine, machine } from "../machine.ts";
import { stepResult } from "../workload.ts";
import { chart } from "./chart.ts";
import { installPeers } from "./install.ts";
import { nameOf, type Outcome, ratioToFlyball, syncsText } from "./outcome.ts";
import { count, page, short, stepsText } from "./report.ts";
import { measurePeer } from "./session.ts";

const ids = readdirSync(join(import.meta.dirname, "peers"))
  .map((file) => file.replace(/\.ts$/, ""))
  .sort((a, b) => Number(b === "flyball") - Number(a === "flyball") || a.localeCompare(b));

const help = `usage: npm run bench -- peers [--seconds N] [--only a,b] [--json]

Runs workflows of 1 and of 10 steps, 1, 32 and 256 at once, on Flyball and on its peers, one system
after the other, and writes docs/reference/bench-peers.md and bench-peers.svg. The first time it
installs the peers into bench/peers/node_modules (500 MB). BullMQ also needs redis-server on PATH, and
strace, where there is one, counts how often each system syncs the disk. What cannot be installed or
started is listed with the reason, and the exit code is then 1.

  --seconds N  how long each figure is measured (default 5; warm-up comes on top)
  --only a,b   only these, and no files: ${ids.join(", ")}
  --json       a JSON line for each figure, and no files`;

const reference = resolve(import.meta.dirname, "../../docs/reference");

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "5" },
      only: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(help);
  const seconds = Number(values.seconds);
  const wanted = values.only?.split(",") ?? ids;
  const unknown = wanted.filter((id) => !ids.includes(id));
  if (unknown.length > 0 || !(seconds > 0)) {
    console.error(unknown.length > 0 ? `No peer ${unknown.join(", ")}.\n\n${help}` : help);
    process.exitCode = 2;
    return;
  }
  if (!installPeers()) console.error("The peers could not be installed; the lines above say why.");
  const scratch = makeScratch();
  const context = machine();
  const outcomes: Outcome[] = [];
  for (const id of wanted) {
    console.error(`${id} …`);
    const outcome = await measurePeer(id, { scratch, forMs: seconds * 1_000 });
    outcomes.push(outcome);
    for (const line of values.json ? jsonLines(outcome, outcomes, context) : plainLines(outcome, outcomes))
      console.log(line);
  }
  if (!values.json && !values.only) writeFiles(outcomes, { seconds, context });
  if (outcomes.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
}

/** A folder that goes when this process does, after the servers that write in it. */
function makeScratch(): string {
  const scratch = mkdtempSync(join(tmpdir(), "flyball-peers-"));
  chmodSync(scratch, 0o711); // a server that runs as another user must reach its own folder in it
  process.once("exit", () =>
    rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
  );
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.once(signal, () => process.exit(code));
  return scratch;
}

function jsonLines(outcome: Outcome, outcomes: readonly Outcome[], context: Machine): readonly string[] {
  const { figures, introduction, failure, syncMs, inEffect, syncsPerRun } = outcome;
  const { version, settings } = introduction ?? {};
  const about = { bench: "peers", peer: nameOf(outcome), version, settings, syncMs, inEffect, syncsPerRun };
  const lines = figures.map((figure) => {
    const ofFlyball = ratioToFlyball(figure, outcomes);
    return { ...about, ...figure, ofFlyball, resultCharacters: stepResult.length, ...context };
  });
  const failed = failure === undefined ? [] : [{ ...about, failure, ...context }];
  return [...lines, ...failed].map((line) => JSON.stringify(line));
}

function plainLines(outcome: Outcome, outcomes: readonly Outcome[]): readonly string[] {
  const { figures, introduction, syncMs, inEffect, syncsPerRun, failure } = outcome;
  const lines = figures.map((figure) => {
    const { steps, concurrency, stepsPerSecond, p50Ms, p99Ms } = figure;
    const what = `${stepsText(steps).padStart(10)}, ${String(concurrency).padStart(3)} at once`;
    const ratio = ratioToFlyball(figure, outcomes);
    const compared = ratio === undefined ? "" : `, ${short(ratio)} of Flyball`;
    const times = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms a run`;
    return `${what}: ${count(stepsPerSecond).padStart(8)} steps/s, ${times}${compared}`;
  });
  return [
    `${nameOf(outcome)} ${introduction?.version ?? ""}`,
    `  one sync of the disk, just before: ${short(syncMs)} ms`,
    ...(introduction ? [`  settings: ${introduction.settings}`] : []),
    ...(inEffect === undefined ? [] : [`  in effect: ${inEffect}`]),
    ...(syncsPerRun === undefined ? [] : [`  syncs a run of 10 steps: ${syncsText(syncsPerRun)}`]),
    ...lines,
    ...(failure === undefined ? [] : [`  not measured, or not to the end: ${failure}`]),
    "",
  ];
}

function writeFiles(outcomes: readonly Outcome[], how: { seconds: number; context: Machine }): void {
  const { cpu, cores, memoryGib, node } = how.context;
  const on = `${cpu}, ${cores} cores, ${memoryGib} GiB, Node ${node}`;
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(join(reference, "bench-peers.md"), page(outcomes, { on, seconds: how.seconds, date }));
  writeFileSync(join(reference, "bench-peers.svg"), chart(outcomes));
  console.log("Written: docs/reference/bench-peers.md and bench-peers.svg");
}
