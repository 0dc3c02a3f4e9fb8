import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A server that a peer needs: a child of the peer's process, in its process group. */
export interface Server {
  stop(): Promise<void>;
}

const startMsMax = 60_000;
const stopMsMax = 10_000;

/** Starts a program and waits until it is ready; fails with the last of what it printed. */
export async function startServer(what: {
  readonly command: string;
  readonly args: readonly string[];
  readonly isReady: (printed: string) => boolean | Promise<boolean>;
  readonly options?: SpawnOptions;
}): Promise<Server> {
  const { command, args, isReady, options } = what;
  const child = spawn(command, [...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      printed = (printed + chunk.toString("utf8")).slice(-2_000);
    });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) =>
      resolve(`it ended with ${signal ?? `code ${code}`}: ${printed.trim()}`),
    );
  });
  const giveUpAtMs = performance.now() + startMsMax;
  while (!(await isReady(printed))) {
    const reason = await Promise.race([ended, sleep(50)]);
    if (reason !== undefined) throw new Error(`${command} did not start: ${reason}`);
    if (performance.now() > giveUpAtMs) throw new Error(`${command} is not ready: ${printed.trim()}`);
  }
  return {
    async stop() {
      child.kill("SIGTERM");
      if ((await Promise.race([ended, sleep(stopMsMax)])) === undefined) child.kill("SIGKILL");
      await ended;
    },
  };
}

export async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const connected = once(socket, "connect").then(() => true);
  const answer = await connected.catch(() => false);
  socket.destroy();
  return answer;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
