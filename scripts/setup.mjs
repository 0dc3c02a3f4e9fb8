// Brings node_modules in line with package-lock.json, for whoever typed `npm start` in a fresh clone.
//
// Runs before the npm scripts that need it, on whatever Node the system has (18 or later), because the
// Node that everything else runs on is itself one of the packages. When nothing is to be done it reads
// two files, looks at one folder a package, asks the pinned Node for its version, and is silent.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const notPossibleNow = 3;

function readJson(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Why node_modules cannot be used as it is; undefined when it can. npm writes its own list of what it
 * installed as the last thing it does, so after an interrupted install there is none.
 */
function reasonToInstall(lock) {
  if (!existsSync(modules)) return "the packages are not installed yet";
  const installed = readJson("node_modules/.package-lock.json");
  if (!installed) return "an earlier installation was interrupted";
  for (const [path, wanted] of Object.entries(lock.packages)) {
    // A package for another system is listed as optional, and rightly absent here.
    if (path === "" || wanted.optional) continue;
    const found = installed.packages[path];
    if (!found || !existsSync(join(root, path, "package.json"))) return `${nameOf(path)} is missing`;
    if (found.version !== wanted.version || found.integrity !== wanted.integrity)
      return `${nameOf(path)} is ${found.version}, and package-lock.json says ${wanted.version}`;
  }
  return undefined;
}

function nameOf(path) {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

/** Runs `npm ci`, with no package of the folder that it is about to replace on PATH. */
function install(reason) {
  console.error(`Installing packages, as ${reason} (npm ci; takes a minute at most) …`);
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => !entry.startsWith(modules + sep));
  const quiet = ["--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const result = spawnSync("npm", ["ci", ...quiet], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    env: { ...process.env, PATH: path.join(delimiter) },
  });
  if (result.signal) process.kill(process.pid, result.signal);
  if (result.status !== 0)
    fail("npm ci failed; the lines above say why. It needs the npm registry; start again.");
}

/** Says so when the pinned Node is not there, as after `npm ci --ignore-scripts`. */
function checkNode(pinned) {
  const result = spawnSync(join(modules, ".bin", "node"), ["--version"], { encoding: "utf8" });
  const version = result.stdout?.trim();
  if (version === `v${pinned}`) return;
  const found = version ? `is ${version}` : "is missing";
  fail(`Node ${pinned} in node_modules ${found}; run: npm ci --ignore-scripts=false`);
}

function fail(message) {
  console.error(message);
  process.exit(notPossibleNow);
}

const lock = readJson("package-lock.json");
if (!lock) fail("package-lock.json is missing or broken; get it back with: git checkout package-lock.json");
const reason = reasonToInstall(lock);
if (reason) install(reason);
checkNode(lock.packages["node_modules/node"].version);
