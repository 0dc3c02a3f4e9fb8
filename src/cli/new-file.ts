import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { messageOf } from "../core/base/index.ts";
import { CommandRefused } from "./io.ts";

/** A file that is there when it is whole, under its name and never before; packed if its name ends in .gz. */
export class NewFile {
  readonly #file: string;
  readonly #part: string;
  readonly #in = new PassThrough();
  readonly #written: Promise<void>;

  constructor(file: string) {
    this.#file = file;
    this.#part = `${file}.part`;
    const out = createWriteStream(this.#part, { mode: 0o600 });
    this.#written = /\.gz$/i.test(file) ? pipeline(this.#in, createGzip(), out) : pipeline(this.#in, out);
    // Who writes is told; nobody may be waiting at the moment when it fails.
    this.#written.catch(() => {});
  }

  async write(text: string | Uint8Array): Promise<void> {
    if (!this.#in.write(text)) await this.#orFailed(once(this.#in, "drain"));
  }

  /** Writes all of it, and lets the file have its name. */
  async writeAll(texts: Iterable<string> | AsyncIterable<string | Uint8Array>): Promise<void> {
    for await (const text of texts) await this.write(text);
    this.#in.end();
    await this.#orFailed(this.#written);
    await rename(this.#part, this.#file);
  }

  async discard(): Promise<void> {
    this.#in.destroy();
    await this.#written.catch(() => {});
    await rm(this.#part, { force: true });
  }

  async #orFailed(what: Promise<unknown>): Promise<void> {
    try {
      await Promise.race([what, this.#written]);
    } catch (error) {
      throw new CommandRefused(`Cannot write ${this.#file}: ${messageOf(error)}.`, 3);
    }
  }
}
