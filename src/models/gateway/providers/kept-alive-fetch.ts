import type { IncomingMessage } from "node:http";
import { type Answered, type Bytes, type Connections, wholeOf } from "./connections.ts";
import { inPieces } from "./in-pieces.ts";

type Fetch = typeof globalThis.fetch;

/**
 * As much of `fetch` as providers' packages use, for less than half of its work: a text goes out, and an
 * answer comes back whole, unless it is a stream of events; within memory, because an answer above the
 * limit is an error.
 */
export function keptAliveFetch(connections: Connections): (model: string) => Fetch {
  return (model) => async (input, init) => {
    const answer = await connections.send(String(input instanceof Request ? input.url : input), {
      method: init?.method ?? "GET",
      headers: headersOf(init?.headers),
      body: typeof init?.body === "string" ? init.body : "",
      signal: init?.signal,
    });
    if (!isStream(answer)) return wholeResponse(answer, await wholeOf(answer.body, model));
    return new Response(inPieces(answer.body, model), {
      status: answer.status,
      headers: headersIn(answer.headers),
    });
  };
}

function headersOf(headers: RequestInit["headers"]): Record<string, string> {
  if (headers === undefined) return {};
  if (Object.getPrototypeOf(headers) === Object.prototype) return headers as Record<string, string>;
  return Object.fromEntries(new Headers(headers));
}

function isStream({ headers }: Answered): boolean {
  return headers["content-type"]?.startsWith("text/event-stream") === true;
}

export function headersIn(headers: IncomingMessage["headers"]): [string, string][] {
  return Object.entries(headers).map(([name, value]) => [name, String(value)]);
}

/**
 * An answer that is there already, as the packages read one: its status, its headers, and a body of one
 * piece. A `Response` of its own would cost as much as the call.
 */
function wholeResponse({ status, statusText, headers }: Answered, bytes: Bytes): Response {
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
    statusText,
    headers: new Map(headersIn(headers)),
    body: { getReader: () => reader },
  };
  return response as Response;
}
