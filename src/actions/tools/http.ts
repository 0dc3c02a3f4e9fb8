import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { type Clock, FlyballError, messageOf } from "../../core/base/index.ts";
import { type Destinations, destinations } from "./addresses.ts";
import { RedirectRefused, stopped, ToolResponseInvalid, ToolTimeout, ToolUnreachable } from "./errors.ts";
import { idleSocketsPerHostMax, redirectsMax, responseBytesMax } from "./limits.ts";

export interface HttpCall {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
  /** What messages call it; holds no secret. */
  readonly label: string;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** Calls over HTTP that go only where they may, at every redirect and at the moment of connecting. */
export interface HttpClient {
  /** Any status is a reply. Throws `ToolUnreachable`, `ToolTimeout`, `AddressRefused` and their like. */
  send(call: HttpCall, signal: AbortSignal): Promise<HttpReply>;
  close(): void;
}

interface Wire {
  readonly allowed: Destinations;
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

export function httpClient(options: {
  clock: Clock;
  allow: readonly string[];
  resolve?: LookupFunction | undefined;
}): HttpClient {
  const keepAlive = { keepAlive: true, maxFreeSockets: idleSocketsPerHostMax };
  const wire: Wire = {
    allowed: destinations(options.allow, options.resolve),
    http: new HttpAgent(keepAlive),
    https: new HttpsAgent(keepAlive),
  };
  return {
    async send(call, signal) {
      const stop = new AbortController();
      const onAbort = () => stop.abort(stopped(signal.reason, call.label));
      if (signal.aborted) onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      const disarm = options.clock.after(call.timeoutMs, () =>
        stop.abort(new ToolTimeout(call.label, call.timeoutMs)),
      );
      try {
        return await followed(call, wire, stop.signal);
      } finally {
        disarm();
        signal.removeEventListener("abort", onAbort);
      }
    },
    close() {
      wire.http.destroy();
      wire.https.destroy();
    },
  };
}

async function followed(first: HttpCall, wire: Wire, signal: AbortSignal): Promise<HttpReply> {
  let call = first;
  for (let redirects = 0; ; redirects++) {
    wire.allowed.check(call.url);
    const reply = await exchanged(call, wire, signal);
    const location = redirectStatuses.has(reply.status) ? reply.headers.location : undefined;
    if (location === undefined) return reply;
    if (redirects === redirectsMax)
      throw new RedirectRefused(call.label, `it is the ${redirects + 1}th in a row.`);
    call = redirectedCall(call, reply.status, location);
  }
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const safeMethods = new Set(["GET", "HEAD"]);
/** What another origin may see of the headers: neither keys nor cookies, by whatever name. */
const headersForAll = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "content-type",
  "idempotency-key",
  "user-agent",
]);

/** The call that a redirect asks for (Fetch standard, "HTTP-redirect fetch"), but no write is repeated elsewhere. */
function redirectedCall(call: HttpCall, status: number, location: string): HttpCall {
  const url = URL.parse(location, call.url);
  if (!url) throw new RedirectRefused(call.label, "its Location is no URL.");
  const becomesGet = (status === 303 && call.method !== "HEAD") || (status < 303 && call.method === "POST");
  const method = becomesGet ? "GET" : call.method;
  const isElsewhere = url.origin !== call.url.origin;
  if (isElsewhere && !safeMethods.has(method))
    throw new RedirectRefused(call.label, `it would repeat a ${method} at ${url.host}.`);
  const headers = Object.entries(call.headers).filter(
    ([name]) => (!isElsewhere || headersForAll.has(name)) && !(becomesGet && name === "content-type"),
  );
  return {
    ...call,
    url,
    method,
    headers: Object.fromEntries(headers),
    body: becomesGet ? undefined : call.body,
  };
}

/**
 * One request and its reply. A connection kept open may have been closed by the server in the very
 * moment of its reuse; then the same request, with the same idempotency key, goes out once more.
 */
async function exchanged(call: HttpCall, wire: Wire, signal: AbortSignal): Promise<HttpReply> {
  try {
    return await exchangedOnce(call, wire, signal);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    return await exchangedOnce(call, wire, signal);
  }
}

/** A kept connection broke before any answer. Never leaves this file unless it happens twice. */
class StaleConnection extends ToolUnreachable {}

function exchangedOnce(call: HttpCall, wire: Wire, signal: AbortSignal): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const isTls = call.url.protocol === "https:";
    const body = call.body === undefined ? undefined : Buffer.from(call.body);
    const outgoing = (isTls ? httpsRequest : httpRequest)(call.url, {
      agent: isTls ? wire.https : wire.http,
      lookup: wire.allowed.lookupFor(call.url),
      method: call.method,
      headers: { ...call.headers, ...(body ? { "content-length": body.length } : {}) },
      signal,
    });
    const fail = (error: unknown) => reject(failureOf(error, call, signal, outgoing.reusedSocket));
    outgoing.on("error", fail);
    outgoing.on("response", (incoming) =>
      collect(incoming, call, resolve, (error) => {
        outgoing.destroy();
        fail(error);
      }),
    );
    outgoing.end(body);
  });
}

function collect(
  incoming: IncomingMessage,
  call: HttpCall,
  resolve: (reply: HttpReply) => void,
  fail: (error: unknown) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  incoming.on("data", (chunk: Buffer) => {
    length += chunk.length;
    chunks.push(chunk);
    if (length > responseBytesMax)
      fail(new ToolResponseInvalid(call.label, `it is longer than ${responseBytesMax} bytes.`));
  });
  incoming.on("error", (error) =>
    fail(new ToolUnreachable(call.label, `${messageOf(error)} while it answered`, "network")),
  );
  incoming.on("end", () => {
    if (!incoming.complete) return fail(new ToolUnreachable(call.label, "the answer broke off", "network"));
    resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes: Buffer.concat(chunks) });
  });
}

function failureOf(error: unknown, call: HttpCall, signal: AbortSignal, isReused: boolean): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof FlyballError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = [code, messageOf(error)].filter((text) => text !== "").join(": ");
  if (isReused && (code === "ECONNRESET" || code === "EPIPE"))
    return new StaleConnection(call.label, reason, "network");
  return new ToolUnreachable(call.label, reason, connectionCodes.has(code) ? "network" : null);
}

/** Errors of the network; others, such as a certificate that is not trusted, stay the same next time. */
const connectionCodes = new Set([
  ...[
    "ECONNABORTED",
    "ECONNREFUSED",
    "ECONNRESET",
    "EHOSTDOWN",
    "EHOSTUNREACH",
    "ENETDOWN",
    "ENETUNREACH",
    "EPIPE",
  ],
  ...["ETIMEDOUT", "EAI_AGAIN", "EAI_FAIL", "ENOTFOUND", "EMFILE", "ERR_SOCKET_CONNECTION_TIMEOUT"],
  ...["HPE_INVALID_CONSTANT", "HPE_INVALID_CHUNK_SIZE", "HPE_INVALID_EOF_STATE"],
]);
