import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { assert } from "../../core/base/index.ts";

/**
 * Runs a command in a process group of its own, together with a watcher: a shell that reads a pipe
 * (descriptor 3) on which nothing is ever written. When this process ends, however it ends, the kernel
 * closes the pipe, and the watcher kills the group and removes its folder. The watcher ignores the
 * polite signals, and holds neither the command's standard output nor the command its pipe, so that
 * neither keeps the other open. The group's number cannot be given to another process while the
 * watcher is in it.
 *
 * What this cannot hold: a command that leaves its group (`setsid`) leaves the watcher as well.
 */
const supervisor = `
( trap '' TERM INT HUP
  read -r _ <&3
  kill -s KILL $$
  rm -rf -- "$1"
  kill -s KILL -- -$$ ) </dev/null >/dev/null 2>&1 &
exec 3<&-
shift
exec "$@"`;

export interface Supervised {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Signals the whole group; nothing when it is gone. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** Lets go of the group: what is left of it is killed, and the folder goes. */
  release(): void;
  /** Once the command has ended. Rejects when it could not be started at all. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** Starts a command in a folder that belongs to it alone, and that goes when it has ended. */
export function supervise(options: {
  command: readonly string[];
  folder: string;
  environment: Readonly<Record<string, string>>;
}): Supervised {
  const child = spawn("sh", ["-c", supervisor, "sh", options.folder, ...options.command], {
    cwd: options.folder,
    env: { ...options.environment },
    detached: true,
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  const { stdin, stdout, stderr } = child;
  const lifeline = child.stdio[3];
  assert(stdin && stdout && stderr && lifeline, "a child that was started with pipes has pipes");
  lifeline.on("error", () => {});
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  return {
    stdin,
    stdout,
    stderr,
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
