// npm run build: dist/ for publishing, JavaScript and types. The checkout itself runs without it.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(1);

// What is not TypeScript (SQL, JSON, templates) is read from beside the code, in dist/ as in src/.
for (const entry of readdirSync("src", { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith(".ts")) continue;
  const from = join(entry.parentPath, entry.name);
  const to = join("dist", from.slice("src/".length));
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
