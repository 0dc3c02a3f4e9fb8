import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "../../core/base/index.ts";

/** Room enough for the log of one erasure of a few runs. */
const reserveBytes = 4 * 1024 * 1024;
const chunkBytes = 256 * 1024;

/**
 * A file that holds room for what makes room: to erase is to write first, so on a full disk nothing could
 * be erased any more. It is given up for one erasure, or one start, and taken back right after.
 */
export class Reserve {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, "reserve");
  }

  /** False when there was none. */
  release(): boolean {
    const isThere = this.#bytes > 0;
    rmSync(this.#file, { force: true });
    return isThere;
  }

  /** As much of it as there is room for; the rest at the next time. */
  take(): void {
    const missing = reserveBytes - this.#bytes;
    if (missing <= 0) return;
    try {
      const descriptor = openSync(this.#file, "a", 0o600);
      try {
        // What cannot be compressed: some file systems keep no room for zeros.
        const chunk = randomBytes(chunkBytes);
        for (let left = missing; left > 0; )
          left -= writeSync(descriptor, chunk, 0, Math.min(left, chunkBytes));
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch {
      // The disk is full: it holds what it got.
    }
  }

  get #bytes(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }
}
