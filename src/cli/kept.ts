import type { Taken } from "../core/registry/index.ts";
import { note } from "./io.ts";

/** Which files are not what new runs get, and why. */
export function tellKept({ kept }: Taken): void {
  for (const { line, digest, why } of kept)
    note(`warning: ${line} stays as it is; its file is version ${digest.slice(0, 12)}: ${why}`);
}
