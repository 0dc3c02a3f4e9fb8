import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { pipeline, type Readable, type Transform } from "node:stream";
import { urlToHttpOptions } from "node:url";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
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
  readonly headers: IncomingMessage["headers"];
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
  readonly #http = new HttpAgent(agentOptions);
  readonly #https = new HttpsAgent(agentOptions);

  async send(url: string, { method, headers, body, signal }: Sent): Promise<Answered> {
    const { request, ...to } = this.#address(url);
    const length = { "accept-encoding": "identity", "content-length": Buffer.byteLength(body) };
    const sent = request({ ...to, method, headers: { ...headers, ...length } });
    if (signal) endWith(signal, sent);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.on("response", resolve);
      sent.on("error", reject);
      sent.end(body);
    });
    const { statusCode: status = 502, statusMessage: statusText = "" } = answer;
    return { status, statusText, headers: answer.headers, body: unpacked(answer) };
  }

  /** Where a URL leads, taken apart once. */
  #address(text: string): Address {
    const known = this.#known.get(text);
    if (known) return known;
    const url = new URL(text);
    const isSecure = url.protocol === "https:";
    const { hostname, port, path } = urlToHttpOptions(url);
    const address: Address = {
      request: isSecure ? requestHttps : requestHttp,
      agent: isSecure ? this.#https : this.#http,
      host: hostname,
      ...(port ? { port } : {}),
      path: path ?? "/",
    };
    if (this.#known.size >= addressesKeptMax) this.#known.clear();
    this.#known.set(text, address);
    return address;
  }
}

interface Address extends RequestOptions {
  readonly request: typeof requestHttp;
}

const agentOptions = { keepAlive: true, scheduling: "lifo", timeout: idleConnectionMs } as const;

function endWith(signal: AbortSignal, sent: ClientRequest): void {
  const onAbort = () => sent.destroy(abortError(signal.reason));
  signal.addEventListener("abort", onAbort, { once: true });
  sent.once("close", () => signal.removeEventListener("abort", onAbort));
  if (signal.aborted) onAbort();
}

/** As the global fetch throws it. */
function abortError(reason: unknown): Error {
  return reason instanceof Error ? reason : new DOMException("This operation was aborted", "AbortError");
}

/** Nobody asked for it, but some servers pack all the same; the bound is on what comes out. */
function unpacked(answer: IncomingMessage): Readable {
  const unpack = unpackers[answer.headers["content-encoding"] ?? ""];
  // Whoever reads hears of an error from the end of the pipeline.
  return unpack ? pipeline(answer, unpack(), () => {}) : answer;
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
