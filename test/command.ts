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

/** Starts the command as a process of its own, as a user would. */
export function start(
  args: readonly string[],
  options: { cwd: string; env?: Readonly<Record<string, string>> },
): Started {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.cwd,
    env: { NODE_COMPILE_CACHE: join(tmpdir(), "flyball-test-compile"), ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout?.on("data", (chunk) => stdout.push(String(chunk)));
  child.stderr?.on("data", (chunk) => stderr.push(String(chunk)));
  const outcome = new Promise<Outcome>((resolvePromise) =>
    child.on("close", (code, signal) =>
      resolvePromise({ code, signal, stdout: stdout.join(""), stderr: stderr.join("") }),
    ),
  );
  return { child, outcome };
}

export function flyball(
  args: readonly string[],
  options: { cwd: string; env?: Readonly<Record<string, string>> },
): Promise<Outcome> {
  return start(args, options).outcome;
}

export function jsonLines<T>(text: string): T[] {
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as T]));
}
