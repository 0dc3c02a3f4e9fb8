/**
 * Chat completions through Flyball, through Portkey's gateway and without any, in turn in one run: the same
 * client, the same upstream, each in a process of its own. docs/guide/bench.md says what is compared.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { machine } from "../machine.ts";
import { type Case, figureOf, measureRound, type Round } from "./measure.ts";
import { type Measured, page, plainLines } from "./report.ts";
import { startFlyball, startPortkey, startUpstream, type Target } from "./targets.ts";

const help = `usage: npm run bench -- gateway [--seconds N] [--rounds N] [--only a,b] [--json]

Asks for chat completions through Flyball, through Portkey's gateway and directly, 1, 32 and 256 at once,
with and without streaming, and writes docs/reference/bench-gateway.md. The first time it installs
Portkey into bench/gateway/portkey/node_modules (25 MB).

  --seconds N  how long each figure is measured in all (default 6)
  --rounds N   in how many rounds, the targets taking turns (default 3)
  --only a,b   only these targets (flyball, portkey, portkey-logging), and no file
  --json       a JSON line for each figure, and no file`;

const cases: readonly Case[] = [false, true].flatMap((stream) =>
  ([0, 20] as const).flatMap((delayMs) => [1, 32, 256].map((atOnce) => ({ atOnce, stream, delayMs }))),
);
const warmUpMs = 500;
/** Of each kind, at the start: enough for a process to be at its speed, however slow the machine is. */
const warmUpRequests = 2_000;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "6" },
      rounds: { type: "string", default: "3" },
      only: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(help);
  const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
  const only = values.only?.split(",");
  if (!(seconds > 0) || !(rounds >= 1)) {
    console.error(help);
    process.exitCode = 2;
    return;
  }
  const targets: Target[] = [];
  const loadBefore = loadText();
  try {
    await start(targets, only);
    for (const target of targets)
      for (const stream of [false, true])
        await measureRound(target, { stream, atOnce: 32, delayMs: 0 }, { requests: warmUpRequests });
    const measured: Measured[] = [];
    for (const what of cases) {
      const one = await measureCase(targets, what, { rounds, forMs: (seconds * 1_000) / rounds });
      measured.push(one);
      for (const line of values.json ? jsonLines(one, targets) : plainLines(one)) console.log(line);
    }
    if (!values.json && !only)
      writePage(measured, targets, { seconds, rounds, load: `${loadBefore} and ${loadText()}` });
  } finally {
    for (const target of targets.reverse()) await target.stop();
  }
}

async function start(targets: Target[], only: readonly string[] | undefined): Promise<void> {
  const upstream = await startUpstream();
  targets.push(upstream);
  if (!only || only.includes("flyball")) targets.push(await startFlyball(upstream, makeScratch()));
  for (const [name, isLogging] of [
    ["portkey", false],
    ["portkey-logging", true],
  ] as const)
    if (!only || only.includes(name)) targets.push(await startPortkey(upstream, { isLogging }));
}

/** The targets take turns, so that what else the machine does meets all of them alike. */
async function measureCase(
  targets: readonly Target[],
  what: Case,
  { rounds, forMs }: { rounds: number; forMs: number },
): Promise<Measured> {
  const taken = new Map<string, Round[]>(targets.map(({ name }) => [name, []]));
  for (const target of targets) await measureRound(target, what, { ms: warmUpMs });
  for (let round = 0; round < rounds; round++)
    for (const target of targets)
      taken.get(target.name)?.push(await measureRound(target, what, { ms: forMs }));
  return { what, figures: new Map([...taken].map(([name, list]) => [name, figureOf(list)])) };
}

function jsonLines({ what, figures }: Measured, targets: readonly Target[]): readonly string[] {
  return targets.map(({ name, version }) =>
    JSON.stringify({ bench: "gateway", target: name, version, ...what, ...figures.get(name), ...machine() }),
  );
}

function writePage(
  measured: readonly Measured[],
  targets: readonly Target[],
  how: { readonly seconds: number; readonly rounds: number; readonly load: string },
): void {
  const { cpu, cores, memoryGib, node } = machine();
  const on = `${cpu}, ${cores} cores, ${memoryGib} GiB, Node ${node}`;
  const date = new Date().toISOString().slice(0, 10);
  const versions = targets.map(({ name, version }) => `${name} ${version}`);
  const path = resolve(import.meta.dirname, "../../docs/reference/bench-gateway.md");
  writeFileSync(path, page(measured, { on, date, versions, ...how }));
  console.log("Written: docs/reference/bench-gateway.md");
}

function loadText(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

/** A folder that goes when this process does. */
function makeScratch(): string {
  const scratch = mkdtempSync(join(tmpdir(), "flyball-gateway-"));
  chmodSync(scratch, 0o700);
  process.once("exit", () => rmSync(scratch, { recursive: true, force: true, maxRetries: 10 }));
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.once(signal, () => process.exit(code));
  return scratch;
}
