import { rmSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { FlyballError, messageOf, sha256 } from "../core/base/index.ts";
import type { AssetSource } from "../core/workflow/index.ts";
import type { Engine } from "../engine.ts";
import { createApp } from "./app.ts";

export class CannotListen extends FlyballError {
  readonly code = "CANNOT_LISTEN";
  override readonly exitCode = 3;
  constructor(where: string, reason: string) {
    super(`Cannot listen on ${where}: ${reason}.`);
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
export async function listenLocally(engine: Engine): Promise<Listening> {
  const path = socketPathOf(engine.home);
  rmSync(path, { force: true });
  const server = createAdaptorServer({ fetch: createApp({ engine, isLocal: true }).fetch }) as Server;
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
  const server = createAdaptorServer({
    fetch: createApp({ engine, assets: options.assets, isLocal: false }).fetch,
  }) as Server;
  await listen(server, `${host}:${port}`, { host, port });
  const address = server.address();
  const actual = typeof address === "object" && address ? address.port : port;
  return { url: `http://${host === "::1" ? "[::1]" : host}:${actual}`, close: () => closeServer(server) };
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
