import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { assert } from "../../core/base/index.ts";

/**
 * Runs a command in a process group of its own, together with a watcher: a shell that reads a pipe
 * (descriptor 3) on which nothing is ever written. When this process ends, however it ends, the kernel
 * closes the pipe, and the watcher kills the group and removes its folder. The watcher ignores the
 * polite signals, and holds neither the command's standard output and channel nor the command its pipe,
 * so that neither keeps the other open. The group's number cannot be given to another process while the
 * watcher is in it.
 *
 * When the machine is out of memory, the kernel takes such a child before it takes us.
 *
 * What this cannot hold: a command that leaves its group (`setsid`) leaves the watcher as well.
 */
const supervisor = `
( trap '' TERM INT HUP
  exec 4<&-
  read -r _ <&3
  kill -s KILL $$
  [ -z "$1" ] || rm -rf -- "$1"
  kill -s KILL -- -$$ ) </dev/null >/dev/null 2>&1 &
exec 3<&-
[ -z "$2" ] || ulimit -d "$2" 2>/dev/null
{ echo 500 >/proc/self/oom_score_adj; } 2>/dev/null
shift 2
exec "$@"`;

/** Bytes that any program maps before it does anything; Node alone more than half of it. */
const dataBytesBase = 1024 ** 3;

/**
 * What one process of the group may map to write to, in kilobytes: a stop for what takes memory faster
 * than anybody looks. Programs map more than they use, so it is far above the limit.
 */
function dataLimit(bytesMax: number | undefined): string {
  return bytesMax === undefined ? "" : String(Math.ceil((2 * bytesMax + dataBytesBase) / 1024));
}

/** Descriptors of a child: input, output, errors; `channel` for messages by IPC (descriptor 4). */
export type Streams = readonly ["ignore" | "pipe" | "inherit", "pipe" | "inherit", "pipe" | "inherit"];

export interface Supervised {
  readonly process: ChildProcess;
  /** Signals the whole group; nothing when it is gone. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** Lets go of the group: what is left of it is killed, and the folder goes. */
  release(): void;
  /** Once the command has ended. Rejects when it could not be started at all. */
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export function supervise(options: {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly streams: Streams;
  /** Messages by IPC. */
  readonly channel?: boolean;
  /** Where it runs; here when absent. */
  readonly cwd?: string;
  /** A folder that belongs to it alone, and that goes when it has ended. */
  readonly folder?: string;
  /** No process of its group can map much more than this; a `MemoryWatch` tells of the group as a whole. */
  readonly memoryBytesMax?: number;
}): Supervised {
  const { command, environment, streams, channel = false, folder, memoryBytesMax } = options;
  const cwd = options.cwd ?? folder;
  const stdio: StdioOptions = [...streams, "pipe", ...(channel ? (["ipc"] as const) : [])];
  const child = spawn("sh", ["-c", supervisor, "sh", folder ?? "", dataLimit(memoryBytesMax), ...command], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...environment },
    detached: true,
    stdio,
  });
  const lifeline = child.stdio[3];
  assert(lifeline, "a child that was started with a pipe has it");
  lifeline.on("error", () => {});
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  return {
    process: child,
    kill: (signal) => signalGroup(child.pid, signal),
    release: () => void lifeline.destroy(),
    ended,
  };
}

function signalGroup(pid: number | undefined, signal: "SIGTERM" | "SIGKILL"): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The whole group has ended: what was asked for.
  }
}
