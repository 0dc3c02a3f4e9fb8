import type { IncomingHttpHeaders } from "node:http";
import { pipeline, type Readable, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { Agent, type Dispatcher } from "undici";
import { nextTurn } from "../../../core/base/index.ts";
import { addressesKeptMax, answerBytesMax, answerPieceBytes, idleConnectionMs } from "../limits.ts";
import { tooLarge } from "./in-pieces.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

export interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal | null | undefined;
}

/** What a server has answered, with a body that is still to be read. */
export interface Answered {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  /** Unpacked: what is read of it is what the limits are for. */
  readonly body: Readable;
}

/**
 * Connections to providers, kept open between requests. A request stays with the server that it was sent
 * to, because a redirect would lead a key elsewhere; a connection that fails does so with its code
 * (`ECONNREFUSED`).
 */
export class Connections {
  readonly #known = new Map<string, Address>();
  // How long an answer may take is the gateway's to say.
  readonly #agent = new Agent({
    keepAliveTimeout: idleConnectionMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  });

  async send(url: string, { method, headers, body, signal }: Sent): Promise<Answered> {
    const answer = await this.#agent.request({
      ...this.#address(url),
      method,
      headers: { ...headers, "accept-encoding": "identity" },
      body,
      signal: signal ?? null,
    });
    const { statusCode: status, statusText } = answer;
    return { status, statusText, headers: answer.headers, body: unpacked(answer) };
  }

  /** Ends what is under way. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** Where a URL leads, taken apart once. */
  #address(text: string): Address {
    const known = this.#known.get(text);
    if (known) return known;
    const { origin, pathname, search } = new URL(text);
    const address = { origin, path: pathname + search };
    if (this.#known.size >= addressesKeptMax) this.#known.clear();
    this.#known.set(text, address);
    return address;
  }
}

interface Address {
  readonly origin: string;
  readonly path: string;
}

/** Nobody asked for it, but some servers pack all the same; the bound is on what comes out. */
function unpacked({ headers, body }: Pick<Dispatcher.ResponseData, "headers" | "body">): Readable {
  const unpack = unpackers[String(headers["content-encoding"] ?? "")];
  // Whoever reads hears of an error from the end of the pipeline.
  return unpack ? pipeline(body, unpack(), () => {}) : body;
}

const unpackers: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The whole of a body; above the limit it is an error of the model. */
export function wholeOf(body: Readable, model: string): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer<ArrayBuffer>[] = [];
    let bytes = 0;
    body.on("data", (chunk: Buffer<ArrayBuffer>) => {
      bytes += chunk.length;
      if (bytes > answerBytesMax) body.destroy(tooLarge(model));
      else chunks.push(chunk);
    });
    body.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    body.on("error", reject);
  });
}

/**
 * Tells a body as it comes, within the same limit, and in pieces with a turn of the event loop between
 * them: a flood of small events keeps nobody else waiting. What `hear` throws ends it, and the connection.
 */
export function listenTo(body: Readable, model: string, hear: (piece: Bytes) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let isOver = false;
    // A body can end while its last piece is still being told.
    let told: Promise<void> | undefined;
    const fail = (error: unknown) => {
      isOver = true;
      reject(error);
    };
    const tell = (piece: Bytes) => {
      try {
        hear(piece);
      } catch (error) {
        fail(error);
        body.destroy();
      }
    };
    const tellInTurns = async (chunk: Bytes) => {
      body.pause();
      for (let at = 0; at < chunk.length && !isOver; at += answerPieceBytes) {
        tell(chunk.subarray(at, at + answerPieceBytes));
        await nextTurn();
      }
      body.resume();
    };
    body.on("data", (chunk: Bytes) => {
      bytes += chunk.length;
      if (bytes > answerBytesMax) body.destroy(tooLarge(model));
      else if (chunk.length <= answerPieceBytes) tell(chunk);
      else told = tellInTurns(chunk);
    });
    body.on("end", () => (told ? told.then(resolve) : resolve()));
    body.on("error", fail);
  });
}
