import { rmSync } from "node:fs";
import { createServer, type Server, STATUS_CODES } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { type Clock, FlyballError, messageOf, sha256 } from "../core/base/index.ts";
import type { AssetSource } from "../core/workflow/index.ts";
import type { Engine } from "../engine.ts";
import { createApp } from "./app.ts";
import { beginBetweenBursts } from "./bursts.ts";
import { headerBytesMax } from "./limits.ts";
import { problemOf, RequestInvalid } from "./problem.ts";

export class CannotListen extends FlyballError {
  readonly code = "CANNOT_LISTEN";
  override readonly exitCode = 3;
  constructor(where: string, reason: string) {
    super(`Cannot listen on ${where}: ${reason}.`);
  }
}

class HeadersTooLarge extends FlyballError {
  readonly code = "HEADERS_TOO_LARGE";
  override readonly status = 431;
  constructor() {
    super(`The first line of a request and its headers may have ${headerBytesMax / 1024} KiB.`);
  }
}

/** The longest path that a Unix socket can have on the systems that we run on. */
const socketPathMax = 100;

/** Where a data folder's owner listens for the command line. */
export function socketPathOf(home: string): string {
  const path = join(home, "flyball.sock");
  return path.length <= socketPathMax ? path : join(tmpdir(), `flyball-${sha256(home).slice(0, 24)}.sock`);
}

export interface Listening {
  readonly url: string | null;
  close(): Promise<void>;
}

/** Opens the local socket: only this user's processes reach it, as the data folder is theirs alone. */
export async function listenLocally(engine: Engine, app: Hono): Promise<Listening> {
  const path = socketPathOf(engine.home);
  rmSync(path, { force: true });
  const server = serverOf(app, engine.clock);
  const before = process.umask(0o077);
  try {
    await listen(server, path, { path });
  } finally {
    process.umask(before);
  }
  return { url: null, close: () => closeServer(server) };
}

export async function listenOnPort(
  engine: Engine,
  options: { host: string; port: number; assets?: () => AssetSource },
): Promise<Listening> {
  const { host, port } = options;
  if (!["127.0.0.1", "localhost", "::1"].includes(host))
    throw new CannotListen(host, "without access control only this machine may ask; use 127.0.0.1");
  const server = serverOf(createApp({ engine, assets: options.assets, isLocal: false }), engine.clock);
  await listen(server, `${host}:${port}`, { host, port });
  const address = server.address();
  const actual = typeof address === "object" && address ? address.port : port;
  return { url: `http://${host === "::1" ? "[::1]" : host}:${actual}`, close: () => closeServer(server) };
}

function serverOf({ fetch }: Hono, clock: Clock): Server {
  const server = createServer({ maxHeaderSize: headerBytesMax });
  beginBetweenBursts(server, clock, getRequestListener(fetch));
  server.on("clientError", answerUnread);
  return server;
}

/** What could not be read as HTTP comes to no route; it is answered with a problem all the same. */
function answerUnread(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const isLarge = error.code === "HPE_HEADER_OVERFLOW";
  const problem = isLarge
    ? new HeadersTooLarge()
    : new RequestInvalid([`this is not HTTP: ${error.message}`]);
  const { status, body } = problemOf(problem);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
}

function listen(
  server: Server,
  where: string,
  options: { path: string } | { host: string; port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(new CannotListen(where, reasonOf(error))));
    server.listen(options, resolve);
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === "EADDRINUSE") return "another program uses it; choose another with --port";
  return error.code === "EACCES" ? "this user may not" : messageOf(error);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
