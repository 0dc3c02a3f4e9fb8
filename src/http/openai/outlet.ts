import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";

/** The way that an answer takes to whoever has asked. */
export interface Outlet {
  /** Aborted when nobody waits for the answer any more. */
  readonly hungUp: AbortController;
  begin(headers: Readonly<Record<string, string>>): void;
  write(text: string): void;
  end(text: string): void;
  /** What a handler returns once the answer has begun. */
  readonly response: Response;
}

/**
 * Node's own response, where the request came over a connection: web objects for request, response and
 * stream took more than a quarter of what HTTP takes for a call.
 */
export function outletOf(context: Context): Outlet {
  const outgoing: ServerResponse | undefined = context.env?.outgoing;
  return outgoing ? nodeOutlet(outgoing) : webOutlet();
}

function nodeOutlet(outgoing: ServerResponse): Outlet {
  const hungUp = new AbortController();
  if (outgoing.destroyed) hungUp.abort();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) hungUp.abort();
  });
  return {
    hungUp,
    begin: (headers) => void outgoing.writeHead(200, { ...guarded, ...headers }),
    write(text) {
      if (!outgoing.destroyed) outgoing.write(text);
    },
    end(text) {
      if (!outgoing.destroyed) outgoing.end(text);
    },
    response: RESPONSE_ALREADY_SENT,
  };
}

/** As every answer has them. */
const guarded = { "x-content-type-options": "nosniff", "cache-control": "no-store" };

/** For a request that came from within this process. */
function webOutlet(): Outlet {
  const hungUp = new AbortController();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.closed.catch(() => hungUp.abort());
  const write = (text: string) => void writer.write(Buffer.from(text)).catch(() => {});
  const response = new Response(readable);
  return {
    hungUp,
    begin(headers) {
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    },
    write,
    end(text) {
      write(text);
      writer.close().catch(() => {});
    },
    response,
  };
}
