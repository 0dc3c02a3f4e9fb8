import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

// A driver is a script beside the fault tests that puts an engine under load in a process of its own, so
// that its memory is the engine's, and it can be killed. It says what it has done as lines of JSON.

export interface Driver<News> {
  readonly child: ChildProcess;
  /** Resolves when the driver has ended: by itself and well, or because it was killed. */
  readonly ended: Promise<readonly News[]>;
}

export interface DriverOptions<News> {
  readonly nodeArgs?: readonly string[];
  /** A command that runs the driver. */
  readonly under?: readonly string[];
  hear?(news: News): void;
}

export function startDriver<News>(
  script: string,
  args: readonly string[],
  options: DriverOptions<News> = {},
): Driver<News> {
  const { under = [], nodeArgs = [], hear = () => {} } = options;
  const [command = "", ...rest] = [...under, process.execPath, ...nodeArgs];
  const child = spawn(command, [...rest, join(import.meta.dirname, script), ...args], {
    env: { NODE_COMPILE_CACHE: join(tmpdir(), "flyball-test-compile"), ...process.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const news: News[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const told: News = JSON.parse(line);
    news.push(told);
    hear(told);
  });
  const errors: string[] = [];
  child.stderr.on("data", (chunk) => errors.push(String(chunk)));
  const ended = new Promise<readonly News[]>((resolve, reject) =>
    child.on("close", (code, signal) => {
      if (code === 0 || signal === "SIGKILL") resolve(news);
      else
        reject(
          new assert.AssertionError({
            message: `${script} ended with ${code ?? signal}: ${errors.join("")}`,
          }),
        );
    }),
  );
  return { child, ended };
}

/** What a driver says; on its way before anything else happens. */
export function tell(news: object): void {
  writeSync(1, `${JSON.stringify(news)}\n`);
}

/** Memory of this process, in MB: now, and the most that it has been. */
export function memory(): { readonly rssMb: number; readonly peakMb: number } {
  const status = readFileSync("/proc/self/status", "utf8");
  const mb = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1_024);
  return { rssMb: mb("VmRSS"), peakMb: mb("VmHWM") };
}

/** Calls `work` for 0, 1, 2 … below the count, so many at once. */
export async function forEach(
  count: number,
  concurrency: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
