import type { Bytes } from "./connections.ts";

const lineEnd = /\r\n|\r|\n/g;

/**
 * Reads a stream of server-sent events (WHATWG HTML, 9.2) out of bytes as they come, and tells the data of
 * each event. Names, ids and comments say nothing here. An event without the empty line after it is none.
 */
export class EventReader {
  readonly #hear: (data: string) => void;
  readonly #decoder = new TextDecoder();
  /** A line that has not ended yet, in pieces: put together at once, a long one would be copied again and again. */
  #begun: string[] = [];
  #data: string[] = [];
  #isAfterReturn = false;

  constructor(hear: (data: string) => void) {
    this.#hear = hear;
  }

  feed(bytes: Bytes): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return;
    // A line may end with a return here and go on with its newline in the next piece.
    let from = this.#isAfterReturn && text.startsWith("\n") ? 1 : 0;
    this.#isAfterReturn = text.endsWith("\r");
    lineEnd.lastIndex = from;
    for (let end = lineEnd.exec(text); end; end = lineEnd.exec(text)) {
      this.#endLine(text.slice(from, end.index));
      from = end.index + end[0].length;
      lineEnd.lastIndex = from;
    }
    if (from < text.length) this.#begun.push(text.slice(from));
  }

  #endLine(rest: string): void {
    if (this.#begun.length === 0) return this.#take(rest);
    const line = this.#begun.join("") + rest;
    this.#begun = [];
    this.#take(line);
  }

  #take(line: string): void {
    if (line === "") this.#tell();
    else if (line.startsWith("data:")) this.#data.push(line.slice(line.startsWith(" ", 5) ? 6 : 5));
    else if (line === "data") this.#data.push("");
  }

  #tell(): void {
    if (this.#data.length === 0) return;
    const data = this.#data.join("\n");
    this.#data = [];
    this.#hear(data);
  }
}
