import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { answerBytesMax, idleConnectionMs } from "../limits.ts";
import { inPieces, tooLarge } from "./in-pieces.ts";

type Fetch = typeof globalThis.fetch;
type Bytes = Uint8Array<ArrayBuffer>;

/**
 * As much of `fetch` as providers' packages use, for half of its work: a text goes out on a connection that
 * is kept open, and an answer comes back whole, unless it is a stream of events. It stays with the server
 * that it was sent to, because a redirect would lead a key elsewhere; and within memory: an answer above
 * the limit is an error. A connection that fails does so with its code (`ECONNREFUSED`).
 */
export function keptAliveFetch(): (model: string) => Fetch {
  const options = { keepAlive: true, scheduling: "lifo", timeout: idleConnectionMs } as const;
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return (model) => async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const body = typeof init?.body === "string" ? init.body : "";
    const isSecure = url.protocol === "https:";
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (isSecure ? requestHttps : requestHttp)(
        url,
        {
          agent: isSecure ? agents.https : agents.http,
          method: init?.method ?? "GET",
          headers: {
            ...headersOf(init?.headers),
            "accept-encoding": "identity",
            "content-length": Buffer.byteLength(body),
          },
          ...(init?.signal ? { signal: init.signal } : {}),
        },
        resolve,
      );
      request.on("error", reject);
      request.end(body);
    });
    return responseOf(answer, model);
  };
}

function headersOf(headers: RequestInit["headers"]): Record<string, string> {
  const isPlain = headers === undefined || Object.getPrototypeOf(headers) === Object.prototype;
  return isPlain ? { ...(headers as Record<string, string>) } : Object.fromEntries(new Headers(headers));
}

async function responseOf(answer: IncomingMessage, model: string): Promise<Response> {
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(answer.headers))
    if (value !== undefined) headers.push([name, String(value)]);
  const isStream = answer.headers["content-type"]?.startsWith("text/event-stream");
  const body = isStream ? inPieces(answer, model) : await wholeOf(answer, model);
  return new Response(body, { status: answer.statusCode ?? 502, headers });
}

function wholeOf(answer: IncomingMessage, model: string): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    answer.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > answerBytesMax) answer.destroy(tooLarge(model));
      else chunks.push(chunk);
    });
    answer.on("end", () => resolve(Buffer.concat(chunks)));
    answer.on("error", reject);
  });
}
