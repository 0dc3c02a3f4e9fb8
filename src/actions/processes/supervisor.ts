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
shift
exec "$@"`;

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
}): Supervised {
  const { command, environment, streams, channel = false, folder } = options;
  const cwd = options.cwd ?? folder;
  const stdio: StdioOptions = [...streams, "pipe", ...(channel ? (["ipc"] as const) : [])];
  const child = spawn("sh", ["-c", supervisor, "sh", folder ?? "", ...command], {
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
