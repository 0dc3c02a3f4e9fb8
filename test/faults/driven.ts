import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface DrivenOptions {
  /** A module of this folder that is loaded before the engine. */
  readonly preload: string;
  readonly env: Readonly<Record<string, string>>;
  /** A command that runs the process, such as strace. */
  readonly under?: readonly string[];
  /** What it printed shows that it may have failed. */
  mayFail?(lines: readonly string[]): boolean;
}

/** Drives the run of every-feature.ts in a process of its own; resolves with what it acknowledged. */
export async function driven(
  home: string,
  project: string,
  { preload, env, under = [], mayFail = () => false }: DrivenOptions,
): Promise<{ readonly killed: boolean; readonly failed: boolean; readonly lines: readonly string[] }> {
  const here = (name: string) => join(import.meta.dirname, name);
  const node = [process.execPath, "--import", here(preload), here("drive.ts"), home, project];
  const [command = "", ...rest] = [...under, ...node];
  const cache = { NODE_COMPILE_CACHE: join(tmpdir(), "flyball-test-compile") };
  const child = spawn(command, rest, {
    env: { ...cache, ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on("data", (chunk) => stdout.push(String(chunk)));
  child.stderr.on("data", (chunk) => stderr.push(String(chunk)));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on("close", (...how) => resolve(how)),
  );
  const lines = linesOf(stdout.join(""));
  const [killed, failed] = [signal === "SIGKILL", code !== 0];
  if (!killed && !mayFail(lines)) assert.equal(code, 0, stderr.join(""));
  return { killed, failed, lines };
}

export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
