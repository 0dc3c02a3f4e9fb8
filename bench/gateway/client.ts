import { connect, type Socket } from "node:net";

export interface Timing {
  /** To the first byte of the answer's body. */
  readonly firstMs: number;
  /** To its last. */
  readonly wholeMs: number;
}

const headEnd = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("0\r\n\r\n");

/**
 * One connection that is kept open, one request at a time on it. As little as HTTP/1.1 allows: the client
 * shares the machine with what it measures, and needs little to read an answer.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #received: Buffer = Buffer.alloc(0);
  #headBytes = 0;
  /** Bytes of head and body; null: until the last chunk. */
  #bytes: number | null = 0;
  #beganMs = 0;
  #firstMs = 0;
  #settle: { resolve(timing: Timing): void; reject(error: Error): void } | undefined;

  constructor(port: number, request: Buffer) {
    this.#request = request;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (part: Buffer) => this.#take(part));
    this.#socket.on("error", (error) => this.#settle?.reject(error));
    this.#socket.on("close", () => this.#settle?.reject(new Error("the connection was closed")));
  }

  ask(): Promise<Timing> {
    this.#received = Buffer.alloc(0);
    this.#headBytes = 0;
    this.#beganMs = performance.now();
    this.#socket.write(this.#request);
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #take(part: Buffer): void {
    this.#received = this.#received.length === 0 ? part : Buffer.concat([this.#received, part]);
    if (this.#headBytes === 0 && !this.#readHead()) return;
    if (this.#received.length > this.#headBytes && this.#firstMs < this.#beganMs)
      this.#firstMs = performance.now();
    const isWhole =
      this.#bytes === null
        ? this.#received.subarray(-lastChunk.length).equals(lastChunk)
        : this.#received.length >= this.#bytes;
    if (!isWhole) return;
    const { resolve } = this.#settle ?? { resolve: () => {} };
    this.#settle = undefined;
    resolve({ firstMs: this.#firstMs - this.#beganMs, wholeMs: performance.now() - this.#beganMs });
  }

  #readHead(): boolean {
    const end = this.#received.indexOf(headEnd);
    if (end < 0) return false;
    this.#headBytes = end + headEnd.length;
    const head = this.#received.toString("latin1", 0, end);
    if (!head.startsWith("HTTP/1.1 200"))
      this.#settle?.reject(new Error(`answered ${this.#received.toString("utf8").slice(0, 1_000)}`));
    const length = /^content-length: (\d+)/im.exec(head)?.[1];
    this.#bytes = length === undefined ? null : this.#headBytes + Number(length);
    return true;
  }
}

/** A request as it goes over the wire. */
export function requestBytes(
  { port, path, headers }: { port: number; path: string; headers: Readonly<Record<string, string>> },
  body: object,
): Buffer {
  const json = JSON.stringify(body);
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    "content-type": "application/json",
    authorization: "Bearer bench",
    "content-length": String(Buffer.byteLength(json)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`POST ${path} HTTP/1.1`, ...lines, "", json].join("\r\n"));
}
