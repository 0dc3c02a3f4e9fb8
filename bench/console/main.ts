/**
 * The console before a store of 100,000 runs: how long pages take, whether lists scroll, and what a page
 * weighs. A real server with a real Chromium; docs/guide/bench.md says what is measured.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { openBrowser } from "../../test/console/world.ts";
import { machine } from "../machine.ts";
import { type Filled, fill } from "./fill.ts";
import {
  factsOf,
  scrollAll,
  type Target,
  Timings,
  timeFilters,
  timeFirstPage,
  timeList,
  timeRun,
} from "./measure.ts";
import { type Measured, page, plainLines } from "./report.ts";

const help = `usage: npm run bench -- console [--runs N] [--openings N] [--seed N] [--store DIR]

Fills a store, serves it, opens its pages in Chromium, and writes docs/reference/bench-console.md.

  --runs N      how many runs the store holds (default 100000)
  --openings N  how often each page is opened (default 20)
  --seed N      of the runs' times, tags and costs (default 1)
  --store DIR   keeps the store there, and takes the one that is there`;

/** As a person's: pages in processes of their own. The emulated graphics card stalls for seconds. */
const browserArgs = ["--no-sandbox", "--disable-gpu"];

const root = resolve(import.meta.dirname, "../..");

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: "string", default: "100000" },
      openings: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      store: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [runs, openings, seed] = [Number(values.runs), Number(values.openings), Number(values.seed)];
  const isAsked = runs >= 100 && openings >= 1 && seed >= 0;
  if (values.help || !isAsked) {
    console.error(help);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const browser = await openBrowser(browserArgs);
  if (typeof browser === "string") return console.log(JSON.stringify({ bench: "console", skipped: browser }));
  const folder = values.store ?? mkdtempSync(join(tmpdir(), "flyball-bench-"));
  try {
    const store = await storeIn(folder, { runs, seed });
    const measured = await measureServed(folder, browser, { store, openings, seed });
    for (const line of plainLines(measured)) console.log(line);
    writeFileSync(join(root, "docs/reference/bench-console.md"), page(measured));
    console.log("Written: docs/reference/bench-console.md");
  } finally {
    await browser.close();
    if (!values.store) rmSync(folder, { recursive: true });
  }
}

async function storeIn(folder: string, wanted: { runs: number; seed: number }): Promise<Filled> {
  const kept = join(folder, "filled.json");
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, "utf8"));
  console.error(`Filling ${folder} with ${wanted.runs} runs …`);
  const filled = await fill(folder, wanted);
  writeFileSync(kept, JSON.stringify(filled));
  return filled;
}

async function measureServed(
  folder: string,
  browser: Browser,
  { store, openings, seed }: { store: Filled; openings: number; seed: number },
): Promise<Measured> {
  spawnSync(process.execPath, [join(root, "scripts/console.mjs")], { stdio: ["ignore", 2, 2] });
  const server = await serve(folder);
  const loadBefore = loadavg()[0] ?? 0;
  try {
    const target: Target = { browser, url: server.url, survey: store.survey };
    const timings = new Timings();
    for (let opening = 0; opening < openings; opening++)
      for (const time of [timeFirstPage, timeList, timeRun, timeFilters]) await time(target, timings);
    const scrolled = await scrollAll(target);
    const facts = [];
    for (const path of paths(store.survey)) facts.push(await factsOf(target, path));
    return {
      timings: timings.all(),
      scrolled,
      facts,
      store,
      seed,
      openings,
      browser: browser.version(),
      machine: machine(),
      load: [loadBefore, loadavg()[0] ?? 0],
    };
  } finally {
    await server.stop();
  }
}

function paths(survey: string): readonly string[] {
  const run = `/runs/${survey}`;
  return [
    "/",
    "/runs",
    run,
    "/reviews",
    "/workflows",
    "/workflows/support-triage",
    "/assets",
    "/assets/prompt/draft-reply",
    "/assets/workflow/survey/edit",
    "/rollouts",
    "/models",
    "/costs",
  ];
}

/** `flyball serve` as its users start it. */
async function serve(folder: string): Promise<{ url: string; stop(): Promise<void> }> {
  const args = ["serve", folder, "--home", join(folder, "home"), "--port", "0", "--no-supervise"];
  const child = spawn(join(root, "bin/flyball"), args, { stdio: ["ignore", "inherit", "pipe"] });
  process.once("exit", () => child.kill("SIGKILL"));
  const url = await new Promise<string>((resolveUrl, reject) => {
    child.once("exit", () => reject(new Error("the server did not start")));
    createInterface(child.stderr).on("line", (line) => {
      const found = /^Serving (http:\S+)/.exec(line)?.[1];
      if (found) resolveUrl(found);
    });
  });
  const ended = new Promise<void>((resolveEnd) => child.once("exit", () => resolveEnd()));
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  return { url, stop };
}

if (import.meta.main) await main(process.argv.slice(2));
