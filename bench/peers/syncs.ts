import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** There is no strace here, or it may not look at other processes. */
export class CannotTrace extends Error {}

const attachMsMax = 10_000;

/** Counts fsync and fdatasync, by strace, of a process and all that it started while something is done. */
export async function countSyncs(
  what: { readonly pid: number; readonly folder: string },
  during: () => Promise<void>,
): Promise<number> {
  const pids = [what.pid, ...descendants(what.pid, parents())];
  const summary = join(what.folder, "syncs.txt");
  const traced = pids.flatMap((pid) => ["-p", String(pid)]);
  const args = ["-f", "-c", "-e", "trace=fsync,fdatasync", "-o", summary, ...traced];
  const strace = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  strace.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  const ended = new Promise<string>((resolve) => {
    strace.once("error", (error) => resolve(error.message));
    strace.once("exit", () => resolve(said.trim()));
  });
  const giveUpAtMs = performance.now() + attachMsMax;
  while ((said.match(/attach/g)?.length ?? 0) < pids.length && performance.now() < giveUpAtMs) {
    const reason = await Promise.race([ended, sleep(50)]);
    if (reason !== undefined) throw new CannotTrace(reason.split("\n")[0]);
  }
  try {
    await during();
  } finally {
    strace.kill("SIGINT");
    await ended;
  }
  const refusal = said.split("\n").find((line) => line.includes("not permitted"));
  if (refusal) throw new CannotTrace(refusal);
  return callsIn(readFileSync(summary, "utf8"));
}

/** The calls in strace's table, whose columns are share, seconds, time a call, calls, errors (or nothing), name. */
export function callsIn(summary: string): number {
  const rows = summary.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(?:fsync|fdatasync)$/gm);
  return [...rows].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

/** Every process of this machine, and the one that started it. */
function parents(): ReadonlyMap<number, number> {
  if (!existsSync("/proc")) return new Map();
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  const found = pids.flatMap((pid): [number, number][] => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return [[Number(pid), Number(parent)]];
    } catch {
      return []; // it has ended meanwhile
    }
  });
  return new Map(found);
}

export function descendants(pid: number, parentOf: ReadonlyMap<number, number>): readonly number[] {
  const children = [...parentOf].filter(([, parent]) => parent === pid).map(([child]) => child);
  return children.flatMap((child) => [child, ...descendants(child, parentOf)]);
}
