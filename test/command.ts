import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const main = resolve(import.meta.dirname, "../src/cli/main.ts");

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

export interface StartOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node itself, such as a module that is loaded first. */
  readonly nodeArgs?: readonly string[];
  /** A command that runs the command, such as `strace -f`. */
  readonly under?: readonly string[];
}

/** Starts the command as a process of its own, as a user would. */
export function start(args: readonly string[], options: StartOptions): Started {
  const { under = [], nodeArgs = [] } = options;
  const [command = "", ...rest] = [...under, process.execPath, ...nodeArgs, main, ...args];
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: { NODE_COMPILE_CACHE: join(tmpdir(), "flyball-test-compile"), ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  // Decoded as a stream: a sign may be split between two chunks.
  child.stdout?.setEncoding("utf8").on("data", (chunk) => stdout.push(chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk) => stderr.push(chunk));
  const outcome = new Promise<Outcome>((resolvePromise) =>
    child.on("close", (code, signal) =>
      resolvePromise({ code, signal, stdout: stdout.join(""), stderr: stderr.join("") }),
    ),
  );
  return { child, outcome };
}

export function flyball(args: readonly string[], options: StartOptions): Promise<Outcome> {
  return start(args, options).outcome;
}

export function jsonLines<T>(text: string): T[] {
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as T]));
}
