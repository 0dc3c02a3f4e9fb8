import { type ChildProcess, type SpawnOptions, spawn as spawnChild, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Where requests go: the upstream itself, or a gateway before it. */
export interface Target {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for the upstream, which is measured as what it is: a part of every answer. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

const root = resolve(import.meta.dirname, "../..");
const startMsMax = 60_000;

export async function startUpstream(): Promise<Target> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "upstream.ts")], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const port = await new Promise<number>((resolvePort, reject) => {
    child.once("message", (message) => resolvePort(Number(Object(message).port)));
    child.once("exit", () => reject(new Error("the upstream did not start")));
  });
  return {
    name: "direct",
    version: "the upstream itself",
    port,
    path: "/v1/chat/completions",
    headers: {},
    pid: undefined,
    stop: () => ended(child),
  };
}

/** `flyball serve` as its users start it: every call is journalled, and synced before it is answered. */
export async function startFlyball(upstream: Target, scratch: string): Promise<Target> {
  const folder = join(scratch, "flyball");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "flyball.yaml"),
    `providers: { bench: { type: openai-compatible, url: "http://127.0.0.1:${upstream.port}/v1", key: "{{ secrets.BENCH_KEY }}" } }
models:
  wait-0: { provider: bench, name: wait-0, price: { input: $1/M, output: $2/M } }
  wait-20: { provider: bench, name: wait-20, price: { input: $1/M, output: $2/M } }
`,
  );
  const port = await freePort();
  const args = ["serve", folder, "--home", join(folder, "home"), "--port", String(port), "--no-supervise"];
  const child = spawn(join(root, "bin/flyball"), args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, BENCH_KEY: "bench" },
  });
  await listening(port, child);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return {
    name: "Flyball",
    version,
    port,
    path: "/openai/v1/chat/completions",
    headers: { "x-flyball-tags": "tenant=bench" },
    pid: child.pid,
    stop: () => ended(child),
  };
}

const portkeyFolder = join(import.meta.dirname, "portkey");
const portkeyPackage = join(portkeyFolder, "node_modules/@portkey-ai/gateway");

/**
 * As it is deployed, without its console: it puts together a line of its log for each call, which nobody
 * gets. Logging: as its first command starts it, with one reader of that log, as its page of logs is one.
 */
export async function startPortkey(
  upstream: Target,
  { isLogging }: { readonly isLogging: boolean },
): Promise<Target> {
  installPortkey();
  const port = await freePort();
  const script = join(portkeyPackage, "build/start-server.js");
  // The young generation that Flyball's command asks for, as for the peers of the other bench.
  const args = ["--max-semi-space-size=32", script, `--port=${port}`, ...(isLogging ? [] : ["--headless"])];
  const environment = { ...process.env, NODE_ENV: isLogging ? "development" : "production" };
  const child = spawn(process.execPath, args, { stdio: "ignore", env: environment });
  await listening(port, child);
  if (isLogging) await readLog(port);
  const { version } = JSON.parse(readFileSync(join(portkeyPackage, "package.json"), "utf8"));
  return {
    name: isLogging ? "Portkey, logging" : "Portkey",
    version,
    port,
    path: "/v1/chat/completions",
    headers: {
      "x-portkey-provider": "openai",
      "x-portkey-custom-host": `http://127.0.0.1:${upstream.port}/v1`,
    },
    pid: child.pid,
    stop: () => ended(child),
  };
}

/** Takes in what comes and keeps nothing. Resolves when the first of it is there. */
function readLog(port: number): Promise<void> {
  return new Promise((resolveRead, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("data", () => resolveRead());
    socket.once("close", () => reject(new Error("the log of Portkey cannot be read")));
    socket.on("error", reject);
    socket.resume();
    socket.write(`GET /log/stream HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
  });
}

/** A package of its own, which nobody installs but this bench. */
function installPortkey(): void {
  const mark = join(portkeyFolder, "node_modules", ".installed");
  const lock = readFileSync(join(portkeyFolder, "package-lock.json"));
  const wanted = createHash("sha256").update(lock).digest("hex");
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return;
  console.error("Installing Portkey in bench/gateway/portkey (npm ci; 25 MB) …");
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = spawnSync("npm", args, { cwd: portkeyFolder, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("Portkey could not be installed; the lines above say why");
  writeFileSync(mark, wanted);
}

/** However this process ends, what it started ends with it. */
function spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawnChild(command, [...args], options);
  process.once("exit", () => child.kill("SIGKILL"));
  return child;
}

function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolvePort(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  const until = performance.now() + startMsMax;
  while (performance.now() < until && child.exitCode === null) {
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      return;
    } catch {
      await sleep(50);
    }
  }
  child.kill("SIGKILL");
  throw new Error("it does not listen");
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolveExit) => child.once("exit", resolveExit));
  child.kill();
  const late = sleep(5_000, "late", { ref: false });
  if ((await Promise.race([exit, late])) === "late") child.kill("SIGKILL");
}
