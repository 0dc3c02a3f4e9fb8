/** `npm run simulate`: random programs on the real engine, in a simulated world, against a model. */
import { parseArgs } from "node:util";
import { systemClock } from "../../src/core/base/index.ts";
import { type InjectionPoint, injectionPoints } from "./faults.ts";
import { hunt, mutants } from "./mutants.ts";
import { type Finding, simulate } from "./program.ts";

const help = `usage: npm run simulate -- [--programs N] [--seed N] [--seconds N] [--mutants] [--json]

Runs random programs on the real engine, in a simulated world, and holds what happened against a model.

  --programs N         how many (default 10000)
  --seed N             begins with that program; alone, runs it only, and shows its trace when it differs
  --seconds N          as many as there is time for
  --until-difference   ends at the first that differs
  --mutants            plants mistakes in the engine instead, and counts those that are found
  --json               the result as one JSON value

Exit code 1 when a program differs, or a mistake is not found.`;

const { values: options } = parseArgs({
  options: {
    seed: { type: "string" },
    programs: { type: "string" },
    seconds: { type: "string" },
    mutants: { type: "boolean", default: false },
    "until-difference": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const traceLinesMax = 60;
/** Every so many programs one is run a second time: the same seed must do the same. */
const twiceEvery = 50;
const progressEveryMs = 5_000;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

interface Report {
  programs: number;
  readonly seed: number;
  readonly injected: Record<InjectionPoint, number>;
  readonly weather: Record<string, number>;
  readonly differences: { readonly seed: number; readonly problems: readonly string[] }[];
}

async function runPrograms(seed: number, programs: number, untilMs: number): Promise<Report> {
  const injected = Object.fromEntries(injectionPoints.map((point) => [point, 0])) as Record<
    InjectionPoint,
    number
  >;
  const report: Report = { programs: 0, seed, injected, weather: {}, differences: [] };
  let saidAt = systemClock.monotonic();
  for (; report.programs < programs && systemClock.monotonic() < untilMs; report.programs++) {
    const finding = await simulate(seed + report.programs);
    const isTwice = report.programs % twiceEvery === 0;
    const again = isTwice ? await simulate(finding.seed) : finding;
    const problems =
      again.digest === finding.digest ? finding.problems : ["the same seed did something else"];
    for (const [point, times] of finding.injected) injected[point] += times;
    report.weather[finding.weather] = (report.weather[finding.weather] ?? 0) + 1;
    if (problems.length > 0) {
      report.differences.push({ seed: finding.seed, problems });
      tell({ ...finding, problems });
      if (options["until-difference"]) {
        report.programs += 1;
        break;
      }
    }
    if (systemClock.monotonic() - saidAt < progressEveryMs) continue;
    saidAt = systemClock.monotonic();
    say(`${report.programs + 1} programs, ${report.differences.length} differences`);
  }
  return report;
}

function tell({ seed, weather, problems, trace }: Finding): void {
  say(`\nseed ${seed} (${weather}) differs; again: npm run simulate -- --seed ${seed}`);
  for (const line of trace.slice(-traceLinesMax)) say(`  ${line}`);
  for (const problem of problems) say(`  != ${problem}`);
}

async function simulateAll(): Promise<void> {
  const programs = Number(options.programs ?? (options.seed === undefined || options.seconds ? 10_000 : 1));
  const seconds = Number(options.seconds ?? Number.POSITIVE_INFINITY);
  const untilMs = systemClock.monotonic() + seconds * 1_000;
  const report = await runPrograms(Number(options.seed ?? 1), programs, untilMs);
  if (options.json) console.log(JSON.stringify(report));
  else {
    for (const [point, times] of Object.entries(report.injected))
      console.log(`${String(times).padStart(8)}  ${point}`);
    const { seed, differences } = report;
    console.log(`${report.programs} programs from seed ${seed}: ${differences.length} differences.`);
  }
  process.exitCode = report.differences.length === 0 ? 0 : 1;
}

async function huntAll(): Promise<void> {
  const programs = Number(options.programs ?? 5_000);
  let caught = 0;
  for (const mutant of mutants) {
    const result = await hunt(mutant, programs);
    if (result.isCaught) caught += 1;
    const verdict = result.isCaught
      ? `caught after ${result.programs} programs`
      : `NOT caught by ${programs} programs`;
    console.log(`${mutant.name}: ${verdict}\n    ${result.problem}`);
  }
  console.log(`caught ${caught} of ${mutants.length}`);
  process.exitCode = caught === mutants.length ? 0 : 1;
}

if (options.help) console.log(help);
else await (options.mutants ? huntAll() : simulateAll());
