// Whether the loop keeps its word, over many seeds of `npm run demo:governor`: what a run costs beside asking the dear
// model always, accuracy beside the target, savings beside what was expected of them, and whether a provider that
// gets worse is taken back. All models are simulated, or our own.
//   npm run bench -- governor [--seeds 20] [--at-once 2] [--json] [--write]
// --write puts the table into docs/reference/bench-governor.md.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { systemClock } from "../src/core/base/index.ts";
import { machine } from "./machine.ts";

const saving = z.object({
  runs: z.number(),
  low: z.number(),
  mid: z.number(),
  high: z.number(),
  realised: z.number(),
  isInside: z.boolean(),
});

/** What one seed of the demo prints, as far as it is judged. */
const outcome = z.object({
  seed: z.number(),
  runs: z.number(),
  before: z.object({ costPerRun: z.number() }),
  after: z.object({
    costPerRun: z.number(),
    automated: z.number(),
    accuracy: z.object({ value: z.number() }),
  }),
  targets: z.object({ accuracy: z.number() }),
  promoted: z.array(z.object({ kind: z.string(), saving: saving.nullable() })),
  rolledBack: z.array(z.object({ isNewcomer: z.boolean(), maxShare: z.number() })),
});
type Outcome = z.output<typeof outcome>;

export interface Seed extends Outcome {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const costShareMax = 0.3;
const secondsMax = 300;
const newModels: readonly string[] = ["swap_model", "cascade"];

/** Savings of changes that were made for the sake of cost. */
const savingsOf = ({ promoted }: Seed) =>
  promoted.flatMap(({ kind, saving }) => (newModels.includes(kind) && saving ? [saving] : []));

interface Criterion {
  readonly name: string;
  /** Of twenty seeds. */
  readonly wanted: number;
  keeps(seed: Seed): boolean;
}

/** What is judged, each for a seed by itself. Pure. */
export const criteria: readonly Criterion[] = [
  {
    name: "cost a run at most 0.3 of asking the dear model always",
    wanted: 20,
    keeps: ({ before, after }) => after.costPerRun <= costShareMax * before.costPerRun,
  },
  {
    name: "accuracy no lower than the target",
    wanted: 20,
    keeps: ({ after, targets }) => after.accuracy.value >= targets.accuracy,
  },
  {
    name: "every realised saving inside its interval",
    wanted: 18,
    keeps: (seed) => savingsOf(seed).length > 0 && savingsOf(seed).every(({ isInside }) => isInside),
  },
  {
    name: "no such interval wider than its midpoint",
    wanted: 20,
    keeps: (seed) => savingsOf(seed).every(({ low, mid, high }) => high - low <= mid),
  },
  {
    name: "the provider that gets worse is taken back",
    wanted: 20,
    keeps: ({ rolledBack }) => rolledBack.some(({ isNewcomer }) => isNewcomer),
  },
  { name: "under five minutes", wanted: 20, keeps: ({ seconds }) => seconds < secondsMax },
];

/** Where syncs cost nothing: what is judged is what is decided. */
const memory = "/dev/shm";
const parent = existsSync(memory) ? memory : tmpdir();

/** One seed in a process of its own. */
export async function demo(seed: number): Promise<Seed> {
  const home = mkdtempSync(join(parent, "flyball-bench-governor-"));
  const startedMs = systemClock.monotonic();
  try {
    const { stdout, cpuSeconds } = await printed(["--seed", String(seed), "--home", home, "--json"]);
    const seconds = (systemClock.monotonic() - startedMs) / 1_000;
    return { ...outcome.parse(JSON.parse(stdout)), seconds, cpuSeconds };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function printed(args: readonly string[]): Promise<{ readonly stdout: string; readonly cpuSeconds: number }> {
  const script = resolve(import.meta.dirname, "../scripts/governor.ts");
  // The child tells last what it took of the processor.
  const told = `process.on("exit", () => process.stderr.write("\\n" + JSON.stringify(process.cpuUsage())))`;
  const child = spawn(process.execPath, [
    "--import",
    `data:text/javascript,${encodeURIComponent(told)}`,
    script,
    ...args,
  ]);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", (code) => {
      if (code !== 0) return failed(new Error(`the demo ended with ${code}: ${stderr.slice(-2_000)}`));
      const { user, system } = JSON.parse(stderr.slice(stderr.lastIndexOf("\n")));
      done({ stdout, cpuSeconds: (user + system) / 1e6 });
    });
  });
}

/** `tell` hears of all that are done, after each. */
async function allOf(
  seeds: number,
  atOnce: number,
  tell: (measured: readonly Seed[]) => void,
): Promise<readonly Seed[]> {
  const measured: Seed[] = [];
  const waiting = Array.from({ length: seeds }, (_, index) => index + 1);
  const worker = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const made = await demo(seed);
      measured.push(made);
      process.stderr.write(`${rowOf(made)}\n`);
      tell(measured.toSorted((one, other) => one.seed - other.seed));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return measured.sort((one, other) => one.seed - other.seed);
}

const stageOf = ({ rolledBack }: Seed): string => {
  const share = rolledBack.find(({ isNewcomer }) => isNewcomer)?.maxShare;
  if (share === undefined) return "no";
  return share === 0 ? "in the shadow" : share < 1 ? "in the canary" : "after its promotion";
};

function rowOf(seed: Seed): string {
  const { before, after, promoted, runs, seconds, cpuSeconds } = seed;
  const savings = savingsOf(seed);
  const cells = [
    seed.seed,
    (after.costPerRun / before.costPerRun).toFixed(3),
    `${(after.accuracy.value * 100).toFixed(1)}%`,
    `${(after.automated * 100).toFixed(1)}%`,
    promoted.map(({ kind }) => kind).join(", "),
    `${savings.filter(({ isInside }) => isInside).length} of ${savings.length}`,
    stageOf(seed),
    runs,
    `${seconds.toFixed(0)} s`,
    `${cpuSeconds.toFixed(0)} s`,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The table of a measurement. Pure. */
export function report(seeds: readonly Seed[], on: ReturnType<typeof machine>, atOnce: number): string {
  const counted = criteria.map(({ name, wanted, keeps }) => {
    const kept = seeds.filter(keeps).length;
    return `| ${name} | ${kept} of ${seeds.length} | ${wanted} of 20 |`;
  });
  return `# The governor, over ${seeds.length} seeds

Made by \`npm run bench -- governor --seeds ${seeds.length} --write\`. Each seed is one \`npm run demo:governor\`: support triage on **simulated** models and a classifier of our own, without a key and without a network. Cost is what the simulated providers declare, beside what a run cost while every message was asked of the dear model; accuracy is of the runs that no person saw, against what was expected of each. The demo draws its messages again and again from 651 written ones, so a classifier soon knows them: traffic that repeats itself less saves less.

Measured on ${on.cores} cores (${on.cpu}), ${on.memoryGib} GiB, Node ${on.node}, SQLite ${on.sqlite}; ${atOnce} at once, with data folders in memory, while others worked on the same machine: times are for the bound of five minutes, not for comparison.

| what | kept | wanted |
| --- | --- | --- |
${counted.join("\n")}

| seed | cost beside the dear model | accuracy | automated | promoted | savings inside | the newcomer taken back | runs | time | processor |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${seeds.map(rowOf).join("\n")}
`;
}

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: "string", default: "20" },
      "at-once": { type: "string", default: "2" },
      json: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const atOnce = Number(values["at-once"]);
  const page = resolve(import.meta.dirname, "../docs/reference/bench-governor.md");
  // After each seed, so that a measurement that is ended early leaves what it has.
  const write = (measured: readonly Seed[]) => {
    if (values.write) writeFileSync(page, report(measured, machine(), atOnce));
  };
  const seeds = await allOf(Number(values.seeds), atOnce, write);
  const text = report(seeds, machine(), atOnce);
  process.stdout.write(values.json ? `${JSON.stringify({ machine: machine(), seeds })}\n` : text);
  const isKept = criteria.every(
    ({ wanted, keeps }) => seeds.filter(keeps).length >= (wanted / 20) * seeds.length,
  );
  if (!isKept) process.exitCode = 1;
}
