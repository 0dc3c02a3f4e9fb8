import { readFileSync } from "node:fs";
import { quantiles } from "../measure.ts";
import { Connection, requestBytes, type Timing } from "./client.ts";
import type { Target } from "./targets.ts";

/** One way of asking. */
export interface Case {
  readonly atOnce: number;
  readonly stream: boolean;
  /** How long the upstream thinks. */
  readonly delayMs: 0 | 20;
}

export interface Round {
  readonly timings: readonly Timing[];
  readonly seconds: number;
  /** CPU time that the gateway's process took; null where there is none. */
  readonly cpuMs: number | null;
}

const question = "Where is my parcel? I ordered it on Monday and was told that it would be here by now. ";

function bodyOf({ stream, delayMs }: Case): object {
  return {
    model: `wait-${delayMs}`,
    messages: [
      { role: "system", content: "You answer customers of a web shop, in a friendly way and briefly." },
      { role: "user", content: question.repeat(4).trim() },
    ],
    temperature: 0,
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  };
}

/** How long a round goes on. */
export interface Length {
  readonly ms?: number;
  readonly requests?: number;
}

/** So many requests at once, each begun when another has its answer. */
export async function measureRound(
  target: Target,
  what: Case,
  { ms = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY }: Length,
): Promise<Round> {
  const request = requestBytes(target, bodyOf(what));
  const connections = Array.from({ length: what.atOnce }, () => new Connection(target.port, request));
  const timings: Timing[] = [];
  const cpuBefore = cpuMsOf(target.pid);
  const beganMs = performance.now();
  const endMs = beganMs + ms;
  let left = requests;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < endMs && left-- > 0) timings.push(await connection.ask());
    }),
  );
  const seconds = (performance.now() - beganMs) / 1_000;
  const cpuAfter = cpuMsOf(target.pid);
  for (const connection of connections) connection.close();
  return { timings, seconds, cpuMs: cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore };
}

/** User and system time of a process, where the system tells it (Linux, in hundredths of a second). */
function cpuMsOf(pid: number | undefined): number | null {
  if (pid === undefined) return null;
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}

export interface Figure {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstP50Ms: number;
  readonly firstP99Ms: number;
  /** Of the gateway's process, for each request. */
  readonly cpuMicroseconds: number | null;
}

export function figureOf(rounds: readonly Round[]): Figure {
  const timings = rounds.flatMap((round) => round.timings);
  const seconds = rounds.reduce((sum, round) => sum + round.seconds, 0);
  const cpuMs = rounds.reduce<number | null>(
    (sum, round) => (sum === null || round.cpuMs === null ? null : sum + round.cpuMs),
    0,
  );
  const whole = quantiles(timings.map(({ wholeMs }) => wholeMs));
  const first = quantiles(timings.map(({ firstMs }) => firstMs));
  return {
    requestsPerSecond: Math.round(timings.length / seconds),
    ...whole,
    firstP50Ms: first.p50Ms,
    firstP99Ms: first.p99Ms,
    cpuMicroseconds: cpuMs === null ? null : Math.round((cpuMs * 1_000) / timings.length),
  };
}
