import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { ManualClock, nextTurn } from "../core/base/index.ts";
import { beginBetweenBursts } from "./bursts.ts";
import { burstMsMax } from "./limits.ts";

const clientsMax = 200;

interface Burst {
  readonly server: Server;
  readonly clock: ManualClock;
  readonly clients: readonly Socket[];
  /** What was begun, in order: whose request it was, and how many connections had come in by then. */
  readonly begun: { readonly path: string; readonly accepted: number }[];
  connectAll(): void;
}

/** Clients that connect together, and ask again whenever they are answered; each by a path of its own. */
async function setUp(t: TestContext): Promise<Burst> {
  const server = createServer();
  const clock = new ManualClock();
  const clients: Socket[] = [];
  const begun: { path: string; accepted: number }[] = [];
  let accepted = 0;
  server.on("connection", () => accepted++);
  beginBetweenBursts(server, clock, (request, response) => {
    begun.push({ path: String(request.url), accepted });
    response.end("answer");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  t.after(() => {
    for (const client of clients) client.destroy();
    server.close();
    server.closeAllConnections();
  });
  const connectAll = () => {
    for (let number = 0; number < clientsMax; number++) {
      const client = connect(port, "127.0.0.1");
      const ask = () => client.write(`GET /${number} HTTP/1.1\r\nhost: here\r\n\r\n`);
      client.on("data", ask).on("error", () => {});
      ask();
      clients.push(client);
    }
  };
  return { server, clock, clients, begun, connectAll };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; !isSo(); turns++) {
    assert.ok(turns < 100_000, "it does not become so");
    await nextTurn();
  }
}

const pathsOf = (begun: Burst["begun"]) => new Set(begun.map(({ path }) => path));

test("of connections that come together, the last is not kept waiting for second answers", async (t) => {
  const { begun, connectAll } = await setUp(t);
  connectAll();
  await until(() => pathsOf(begun).size === clientsMax);
  assert.ok(begun.length <= clientsMax + 2, `${begun.length} were begun before each had been once`);
  assert.equal(begun[2]?.accepted, clientsMax);
});

test("connections that keep coming hold requests back for a bounded time", async (t) => {
  const { server, clock, begun, connectAll } = await setUp(t);
  server.on("connection", () => clock.advance(burstMsMax / 5));
  connectAll();
  await until(() => begun.length > 2);
  assert.ok(Number(begun[2]?.accepted) < 20, `${begun[2]?.accepted} had come before the third was begun`);
});

test("who has gone while waiting is not worked for", async (t) => {
  const { server, clients, begun, connectAll } = await setUp(t);
  let hasAsked = false;
  server.on("request", ({ url }) => {
    if (url !== "/20") return;
    hasAsked = true;
    clients[20]?.destroy();
  });
  connectAll();
  await until(() => pathsOf(begun).size === clientsMax - 1);
  assert.ok(hasAsked && !pathsOf(begun).has("/20"));
});

test("a server that closes ends what waits and begins nothing more", async (t) => {
  const { server, clients, begun, connectAll } = await setUp(t);
  let accepted = 0;
  server.on("connection", () => {
    if (++accepted < 50) return;
    server.close();
    server.closeAllConnections();
  });
  connectAll();
  await once(server, "close");
  await until(() => clients.every(({ closed }) => closed));
  assert.equal(accepted, 50);
  assert.ok(begun.length <= 2, `${begun.length} were begun`);
});
