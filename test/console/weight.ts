import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";

const built = fileURLToPath(new URL("../../ui/dist", import.meta.url));
const sizes = new Map<string, number>();

/** The scripts that a page has loaded, in bytes as gzip packs them. */
export async function scriptBytes(page: Page): Promise<number> {
  const loaded = await page.evaluate<string[]>(
    "performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)",
  );
  const scripts = new Set(loaded.filter((path) => path.endsWith(".js")));
  return [...scripts].reduce((sum, path) => sum + packedBytes(path), 0);
}

function packedBytes(path: string): number {
  let size = sizes.get(path);
  if (size === undefined) {
    size = gzipSync(readFileSync(built + path)).length;
    sizes.set(path, size);
  }
  return size;
}

/** How far what was there has jumped, as the browser sums it up (CLS, with no window of time). */
export function shifted(page: Page): Promise<number> {
  return page.evaluate<number>("probe.shifted()");
}
