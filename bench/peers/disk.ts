import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { quantiles } from "../measure.ts";

/** How long it takes here to bring 4 KiB at the end of a file to the disk: half of the times were shorter. */
export function syncMs(folder: string): number {
  const path = join(folder, "sync.bin");
  const file = openSync(path, "w");
  const page = Buffer.alloc(4_096, 1);
  const timesMs = Array.from({ length: 200 }, () => {
    const beganMs = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - beganMs;
  });
  closeSync(file);
  rmSync(path);
  return quantiles(timesMs).p50Ms;
}
