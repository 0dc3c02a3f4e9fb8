import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { messageOf } from "../core/base/index.ts";
import { CommandRefused } from "./io.ts";

interface Writing {
  readonly into: PassThrough;
  readonly written: Promise<void>;
}

/** A file that is there when it is whole, under its name and never before; packed if its name ends in .gz. */
export class NewFile {
  readonly #file: string;
  readonly #part: string;
  #writing: Writing;

  constructor(file: string) {
    this.#file = file;
    this.#part = `${file}.part`;
    this.#writing = this.#begin();
  }

  async write(text: string | Uint8Array): Promise<void> {
    const { into } = this.#writing;
    if (!into.write(text)) await this.#orFailed(once(into, "drain"));
  }

  /** Writes all of it, and lets the file have its name. */
  async writeAll(texts: Iterable<string> | AsyncIterable<string | Uint8Array>): Promise<void> {
    for await (const text of texts) await this.write(text);
    this.#writing.into.end();
    await this.#orFailed(this.#writing.written);
    await rename(this.#part, this.#file);
  }

  /** Takes back what was written so far. */
  async restart(): Promise<void> {
    await this.discard();
    this.#writing = this.#begin();
  }

  async discard(): Promise<void> {
    this.#writing.into.destroy();
    await this.#writing.written.catch(() => {});
    await rm(this.#part, { force: true });
  }

  #begin(): Writing {
    const into = new PassThrough();
    const out = createWriteStream(this.#part, { mode: 0o600 });
    const written = /\.gz$/i.test(this.#file) ? pipeline(into, createGzip(), out) : pipeline(into, out);
    // Who writes is told; nobody may be waiting at the moment when it fails.
    written.catch(() => {});
    return { into, written };
  }

  async #orFailed(what: Promise<unknown>): Promise<void> {
    try {
      await Promise.race([what, this.#writing.written]);
    } catch (error) {
      throw new CommandRefused(`Cannot write ${this.#file}: ${messageOf(error)}.`, 3);
    }
  }
}
