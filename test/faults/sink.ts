import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What a step did to the world outside: every call, by its idempotency key. */
export interface Sink {
  readonly port: number;
  /** Calls that were answered with success, by key. */
  readonly answered: ReadonlyMap<string, number>;
  /** Resolves at the next call. */
  nextCall(): Promise<void>;
  close(): Promise<void>;
}

/** A service that takes a while, and fails now and then: one call in `failEvery` gets a 503. */
export async function startSink(options: { delayMs: number; failEvery: number }): Promise<Sink> {
  const answered = new Map<string, number>();
  let calls = 0;
  let next = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    calls += 1;
    next.resolve();
    next = Promise.withResolvers<void>();
    const fails = calls % options.failEvery === 0;
    const key = String(request.headers["idempotency-key"] ?? "");
    request.resume().on("end", () =>
      setTimeout(() => {
        if (!fails) answered.set(key, (answered.get(key) ?? 0) + 1);
        response.writeHead(fails ? 503 : 200, { "content-type": "application/json" });
        response.end(JSON.stringify({ ok: !fails }));
      }, options.delayMs),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    answered,
    nextCall: () => next.promise,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
