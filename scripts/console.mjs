// npm run console: builds the console (ui/ → ui/dist), unless what is there was built from these very files.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "ui");
const stamp = join(folder, "dist", "built-from");

/** The digest of everything that the build reads: sources by name and content, packages by the lock. */
function sourcesDigest() {
  const hash = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  const settings = ["ui/index.html", "ui/vite.config.ts", "ui/tsconfig.json", "tsconfig.json"];
  for (const file of [...settings, ...["ui/src", "ui/public", "src/client"].flatMap(under)])
    hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

function under(name) {
  return readdirSync(join(root, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .sort();
}

const digest = sourcesDigest();
if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) process.exit(0);
console.error("Building the console (a few seconds) …");
const vite = join(root, "node_modules", ".bin", "vite");
const { status, stdout, stderr } = spawnSync(vite, ["build", "--logLevel", "warn"], {
  cwd: folder,
  encoding: "utf8",
});
if (status !== 0) {
  console.error(`${stdout ?? ""}${stderr ?? ""}The console could not be built.`);
  process.exit(1);
}
writeFileSync(stamp, digest);
