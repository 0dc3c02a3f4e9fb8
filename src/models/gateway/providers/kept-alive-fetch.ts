import {
  Agent as HttpAgent,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { pipeline, type Readable, type Transform } from "node:stream";
import { urlToHttpOptions } from "node:url";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { addressesKeptMax, answerBytesMax, idleConnectionMs } from "../limits.ts";
import { inPieces, tooLarge } from "./in-pieces.ts";

type Fetch = typeof globalThis.fetch;
type Bytes = Uint8Array<ArrayBuffer>;

/**
 * As much of `fetch` as providers' packages use, for less than half of its work: a text goes out on a connection
 * that is kept open, and an answer comes back whole, unless it is a stream of events. It stays with the
 * server that it was sent to, because a redirect would lead a key elsewhere; and within memory: an answer
 * above the limit is an error. A connection that fails does so with its code (`ECONNREFUSED`).
 */
export function keptAliveFetch(): (model: string) => Fetch {
  const addresses = new Addresses();
  return (model) => async (input, init) => {
    const { request, ...to } = addresses.of(String(input instanceof Request ? input.url : input));
    const body = typeof init?.body === "string" ? init.body : "";
    const headers = {
      ...headersOf(init?.headers),
      "accept-encoding": "identity",
      "content-length": Buffer.byteLength(body),
    };
    const sent = request({ ...to, method: init?.method ?? "GET", headers });
    const { signal } = init ?? {};
    const onAbort = () => sent.destroy(abortError(signal?.reason));
    signal?.addEventListener("abort", onAbort, { once: true });
    sent.once("close", () => signal?.removeEventListener("abort", onAbort));
    if (signal?.aborted) onAbort();
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.on("response", resolve);
      sent.on("error", reject);
      sent.end(body);
    });
    const plain = unpacked(answer);
    if (!isStream(answer)) return wholeResponse(answer, await wholeOf(plain, model));
    const { statusCode: status = 502 } = answer;
    return new Response(inPieces(plain, model), { status, headers: headersIn(answer) });
  };
}

/** As the global fetch throws it. */
function abortError(reason: unknown): Error {
  return reason instanceof Error ? reason : new DOMException("This operation was aborted", "AbortError");
}

interface Address extends RequestOptions {
  readonly request: typeof requestHttp;
}

/** Where URLs lead, each taken apart once. */
class Addresses {
  readonly #known = new Map<string, Address>();
  readonly #http = new HttpAgent(agentOptions);
  readonly #https = new HttpsAgent(agentOptions);

  of(text: string): Address {
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

const agentOptions = { keepAlive: true, scheduling: "lifo", timeout: idleConnectionMs } as const;

function headersOf(headers: RequestInit["headers"]): Record<string, string> {
  if (headers === undefined) return {};
  if (Object.getPrototypeOf(headers) === Object.prototype) return headers as Record<string, string>;
  return Object.fromEntries(new Headers(headers));
}

function isStream({ headers }: IncomingMessage): boolean {
  return headers["content-type"]?.startsWith("text/event-stream") === true;
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

function headersIn({ headers }: IncomingMessage): [string, string][] {
  return Object.entries(headers).map(([name, value]) => [name, String(value)]);
}

/**
 * An answer that is there already, as the packages read one: its status, its headers, and a body of one
 * piece. A `Response` of its own would cost as much as the call.
 */
function wholeResponse(answer: IncomingMessage, bytes: Bytes): Response {
  const status = answer.statusCode ?? 502;
  let rest: Bytes | undefined = bytes;
  const reader = {
    async read() {
      const value = rest;
      rest = undefined;
      return value ? { done: false, value } : { done: true, value: undefined };
    },
    async cancel() {},
    releaseLock() {},
  };
  const response: unknown = {
    ok: status >= 200 && status < 300,
    status,
    statusText: answer.statusMessage ?? "",
    headers: new Map(headersIn(answer)),
    body: { getReader: () => reader },
  };
  return response as Response;
}

function wholeOf(answer: Readable, model: string): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer<ArrayBuffer>[] = [];
    let bytes = 0;
    answer.on("data", (chunk: Buffer<ArrayBuffer>) => {
      bytes += chunk.length;
      if (bytes > answerBytesMax) answer.destroy(tooLarge(model));
      else chunks.push(chunk);
    });
    answer.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    answer.on("error", reject);
  });
}
