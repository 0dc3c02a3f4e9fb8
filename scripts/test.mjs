// npm test: every *.test.ts, each file in a process of its own, two at a time.
//   npm test                                          all of them
//   npm test -- src/core/journal test/docs.test.ts    the files under a folder, or single files
//   npm test -- --test-name-pattern=seal              any option of `node --test`
//
// One process for all unit tests was tried and turned down: it saves the start of a process a file, but
// one test that spins or leaves a handle open then takes all the others with it.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = ["src", "examples", "test", "bench"];
const timeoutMs = 540_000; // for one test; scripts/watchdog.mjs ends its process soon after

function testFilesUnder(path) {
  if (!statSync(path).isDirectory()) return [path];
  const inside = readdirSync(path, { recursive: true }).map((name) => join(path, name));
  return inside.filter((name) => name.endsWith(".test.ts") && !name.includes("node_modules")).sort();
}

/** Neither settings nor keys of whoever runs the tests may decide how they end. */
function environmentOfTests() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^FLYBALL_(?:HOME|PORT|SECRET_)|_API_KEY$|^NODE_OPTIONS$/.test(name),
  );
  return { ...Object.fromEntries(kept), NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compile") };
}

process.chdir(root);
const given = process.argv.slice(2);
const options = given.filter((argument) => argument.startsWith("-"));
const paths = given.filter((argument) => !argument.startsWith("-"));
const missing = paths.filter((path) => !existsSync(path));
if (missing.length > 0) {
  console.error(`There is no file or folder ${missing.join(", ")} here; npm test alone runs all tests.`);
  process.exit(2);
}
const files = (paths.length > 0 ? paths : folders).flatMap(testFilesUnder);
const watchdog = new URL("watchdog.mjs", import.meta.url).href;
const runner = ["--test", "--test-concurrency=2", `--test-timeout=${timeoutMs}`, `--import=${watchdog}`];
// Becomes the test runner, so that whoever stops this process stops the tests.
process.execve(process.execPath, [process.execPath, ...runner, ...options, ...files], environmentOfTests());
