// npm run check: everything that must hold before a change is done; CI runs the same.
//   npm run check                     every step
//   npm run check -- --no-tests       without the tests, for when they have just run
//   npm run check -- types package    only the steps named
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));

// Names, and the command lines behind them. Cheap steps come first. The tests hold the architecture
// (test/architecture.test.ts), the examples, and the commands in the docs (test/docs.test.ts) too.
const steps = [
  { name: "style", what: "format and lint", run: [["biome", "check", "--error-on-warnings", "."]] },
  {
    name: "types",
    what: "types",
    run: [
      ["tsc", "-p", "."],
      ["tsc", "-p", "ui"],
    ],
  },
  { name: "dead-code", what: "dead code", run: [["knip", "--treat-config-hints-as-errors"]] },
  {
    name: "package",
    what: "what would be published",
    run: [
      ["node", "scripts/build.mjs"],
      ["publint", "--strict"],
      ["node", "dist/cli/main.js", "--version"],
    ],
  },
  { name: "tests", what: "tests", run: [["node", "scripts/test.mjs"]], shown: true },
];

/** Runs one command line; resolves to whether it ended well, and what it printed. */
function runLine([command, ...args], shown) {
  const child = spawn(command, args, {
    cwd: root,
    stdio: ["ignore", ...(shown ? [1, 2] : ["pipe", "pipe"])],
  });
  const printed = [];
  child.stdout?.on("data", (chunk) => printed.push(chunk));
  child.stderr?.on("data", (chunk) => printed.push(chunk));
  const stop = () => child.kill();
  process.once("SIGTERM", stop);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ ok: false, text: error.message }));
    child.on("close", (code) => {
      process.off("SIGTERM", stop);
      resolve({ ok: code === 0, text: Buffer.concat(printed).toString("utf8").trim() });
    });
  });
}

async function runStep({ what, run, shown = false }) {
  const startedMs = performance.now();
  const texts = [];
  let ok = true;
  for (const line of run) {
    const result = await runLine(line, shown);
    ok = result.ok;
    if (!ok) texts.push(`${line.join(" ")}\n${result.text}`);
    if (!ok) break;
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const mark = ok ? styleText("green", "ok    ") : styleText("red", "failed");
  console.log(`${mark} ${what.padEnd(24)} ${seconds.padStart(6)} s`);
  if (!ok && !shown) console.log(texts.join("\n").replace(/^/gm, "       "));
  return ok;
}

function chosenSteps(args) {
  const wanted = args.filter((argument) => argument !== "--no-tests");
  const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`No step ${unknown.join(", ")}; there are ${steps.map((step) => step.name).join(", ")}.`);
    process.exit(2);
  }
  const named = wanted.length > 0 ? steps.filter((step) => wanted.includes(step.name)) : steps;
  return args.includes("--no-tests") ? named.filter((step) => step.name !== "tests") : named;
}

const failed = [];
for (const step of chosenSteps(process.argv.slice(2))) if (!(await runStep(step))) failed.push(step.name);
console.log(failed.length === 0 ? "All checks passed." : `Failed: ${failed.join(", ")}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
