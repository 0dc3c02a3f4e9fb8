import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { nextTurn } from "../../../core/base/index.ts";
import { Connections, wholeOf } from "./connections.ts";

test("a connection is kept for the next request, and ends with the gateway", {
  timeout: 10_000,
}, async (t) => {
  const sockets = new Set<Socket>();
  const server = createServer({ keepAliveTimeout: 60_000 }, (_, response) => response.end("ok"));
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const connections = new Connections();
  const ask = async () => {
    const sent = { method: "POST", headers: {}, body: "{}", signal: undefined };
    const { body } = await connections.send(`http://127.0.0.1:${port}/`, sent);
    const text = Buffer.from(await wholeOf(body, "m")).toString();
    // Before that, the connection is not free yet.
    await nextTurn();
    return text;
  };
  assert.deepEqual([await ask(), await ask(), sockets.size], ["ok", "ok", 1]);
  const [socket] = sockets;
  assert.ok(socket);
  const ended = once(socket, "close");
  await connections.close();
  await ended;
});
