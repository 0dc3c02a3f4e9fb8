import { statSync } from "node:fs";
import { join } from "node:path";

/** Left alone, SQLite empties its write-ahead log below 64 MB (`journal_size_limit`, in `open.ts`). */
const logBytesMax = 256 * 1024 * 1024;

/**
 * Looks after the size of the write-ahead log. Nothing can be emptied past a program that still reads an
 * older state of the database, so while one does, the log holds all that was written since, until the disk
 * is full. Nobody but a person can end that program.
 */
export class LogWatch {
  readonly #file: string;
  readonly #tell: (message: string) => void;
  readonly #bytesMax: number;
  /** How large it was when that was last told; 0 while it is small. */
  #toldBytes = 0;

  constructor(folder: string, tell: (message: string) => void, bytesMax = logBytesMax) {
    this.#file = join(folder, "flyball.db-wal");
    this.#tell = tell;
    this.#bytesMax = bytesMax;
  }

  /** What is wrong, and what to do about it; empty while nothing is. */
  get warnings(): readonly string[] {
    return this.#isLarge ? [this.#message()] : [];
  }

  /** Tells a warning that is new, or when the log has become twice as large since it was told. */
  look(): void {
    if (!this.#isLarge) this.#toldBytes = 0;
    if (!this.#isLarge || this.#bytes < 2 * this.#toldBytes) return;
    this.#toldBytes = this.#bytes;
    this.#tell(this.#message());
  }

  #message(): string {
    const megabytes = Math.round(this.#bytes / 1024 / 1024);
    return `The write-ahead log ${this.#file} has ${megabytes} MiB: another program reads the database and keeps the log from being emptied. Find it with \`fuser ${this.#file}\` or \`lsof ${this.#file}\` and end it, or its transaction; the log is emptied by itself after that.`;
  }

  get #isLarge(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  get #bytes(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }
}
