import { Worker } from "node:worker_threads";
import { assert, type Clock, FlyballError, type Json, messageOf, toJson } from "../../core/base/index.ts";
import { gate } from "../processes/index.ts";
import { ScriptFailed, ScriptLimitExceeded, ScriptTimeout, stopped } from "./errors.ts";
import {
  sandboxGraceMs,
  sandboxMemoryBytesMax,
  sandboxResultCharactersMax,
  sandboxStackBytesMax,
  sandboxTimeoutMs,
  sandboxWorkersMax,
} from "./limits.ts";
import type { SandboxAnswer, SandboxJob, SandboxOutcome } from "./sandbox-worker.ts";

export interface SandboxScript {
  readonly source: string;
  readonly input: Json;
  /** Where the script's clock stands, in milliseconds since 1970. */
  readonly nowMs: number;
  /** 32 bits, from which its random numbers follow. */
  readonly seed: number;
  readonly timeoutMs?: number | undefined;
  /** What messages call it. */
  readonly label: string;
}

/** Runs JavaScript that can reach nothing but its input. */
export interface Sandbox {
  run(script: SandboxScript, signal: AbortSignal): Promise<Json>;
  close(): Promise<void>;
}

/** Workers start when they are first needed, are used again, and do not keep the process alive. */
export function sandbox(clock: Clock): Sandbox {
  const turns = gate(sandboxWorkersMax);
  const idle: SandboxWorker[] = [];
  const all = new Set<SandboxWorker>();
  const closing = new AbortController();
  let jobs = 0;
  return {
    async run(script, stepSignal) {
      const signal = AbortSignal.any([stepSignal, closing.signal]);
      await turns.enter(signal).catch((reason: unknown) => {
        throw stopped(reason, script.label);
      });
      try {
        const worker = usable(idle) ?? new SandboxWorker(clock);
        all.add(worker);
        const outcome = await worker.outcome(jobOf(script, jobs++), signal).finally(() => {
          if (worker.isUsable) idle.push(worker);
          else all.delete(worker);
        });
        return jsonOf(outcome, script);
      } finally {
        turns.leave();
      }
    },
    async close() {
      closing.abort();
      await Promise.all([...all].map((worker) => worker.end()));
    },
  };
}

function usable(idle: SandboxWorker[]): SandboxWorker | undefined {
  for (let worker = idle.pop(); worker; worker = idle.pop()) if (worker.isUsable) return worker;
  return undefined;
}

function jobOf(script: SandboxScript, id: number): SandboxJob {
  return {
    id,
    source: script.source,
    input: JSON.stringify(script.input),
    nowMs: script.nowMs,
    seed: script.seed,
    timeoutMs: script.timeoutMs ?? sandboxTimeoutMs,
    memoryBytesMax: sandboxMemoryBytesMax,
    stackBytesMax: sandboxStackBytesMax,
    resultCharactersMax: sandboxResultCharactersMax,
  };
}

function jsonOf(
  outcome: SandboxOutcome | Ended,
  { label, timeoutMs = sandboxTimeoutMs }: SandboxScript,
): Json {
  if ("result" in outcome) return toJson(JSON.parse(outcome.result), "the result");
  switch (outcome.failure) {
    case "threw":
    case "result":
      throw new ScriptFailed(label, outcome.message);
    case "timeout":
      throw new ScriptTimeout(label, timeoutMs);
    case "stopped":
      throw stopped(outcome.reason, label);
    case "memory":
    case "broken":
      throw new ScriptLimitExceeded(label, `${sandboxMemoryBytesMax / 1024 / 1024} MiB of memory`);
    case "stack":
      throw new ScriptLimitExceeded(label, "the depth of its calls");
  }
}

/** How a job ended that the worker itself did not answer. */
type Ended = { readonly failure: "timeout" } | { readonly failure: "stopped"; readonly reason: unknown };

const isSource = import.meta.url.endsWith(".ts");
const workerFile = new URL(isSource ? "./sandbox-worker.ts" : "./sandbox-worker.js", import.meta.url);

/** One thread, one job at a time. Once ended it is not used again. */
class SandboxWorker {
  readonly #clock: Clock;
  readonly #thread: Worker;
  readonly #ready: Promise<void>;
  #failJob: ((error: unknown) => void) | undefined;
  isUsable = true;

  constructor(clock: Clock) {
    this.#clock = clock;
    // Nothing of our environment, and no flags of ours, reach the thread.
    const workerData = { memoryBytesMax: sandboxMemoryBytesMax };
    this.#thread = new Worker(workerFile, { workerData, env: {}, execArgv: [], stdout: true, stderr: true });
    this.#ready = new Promise((resolve, reject) => {
      this.#thread.once("message", () => resolve());
      this.#thread.on("error", (error) => this.#ended(error, reject));
      this.#thread.on("exit", (code) =>
        this.#ended(new ScriptFailed("The sandbox", `its thread ended with ${code}`), reject),
      );
    });
  }

  /** Whenever it happens: while it starts, during a job (which then fails), or idle. */
  #ended(error: unknown, failStart: (error: unknown) => void): void {
    this.isUsable = false;
    failStart(error);
    this.#failJob?.(error);
  }

  async outcome(job: SandboxJob, signal: AbortSignal): Promise<SandboxOutcome | Ended> {
    this.#thread.ref();
    try {
      await this.#ready;
      const answer = await this.#exchange(job, signal);
      if (!("outcome" in answer)) return answer;
      if (answer.isSpent) void this.end();
      return answer.outcome;
    } catch (error) {
      void this.end();
      throw error instanceof FlyballError ? error : new ScriptFailed("The sandbox", messageOf(error));
    } finally {
      this.#thread.unref();
    }
  }

  /** The script's own limit is kept inside; what spends its time where no limit is looked at is ended from here. */
  #exchange(job: SandboxJob, signal: AbortSignal): Promise<SandboxAnswer | Ended> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        disarm();
        signal.removeEventListener("abort", onAbort);
        this.#thread.off("message", onMessage);
        this.#failJob = undefined;
        done();
      };
      const end = (how: Ended) => settle(() => void this.end().then(() => resolve(how)));
      const onAbort = () => end({ failure: "stopped", reason: signal.reason });
      const onMessage = (answer: SandboxAnswer) => {
        assert(answer.id === job.id, "a worker answers the job that it was given");
        settle(() => resolve(answer));
      };
      const disarm = this.#clock.after(job.timeoutMs + sandboxGraceMs, () => end({ failure: "timeout" }));
      this.#failJob = (error) => settle(() => reject(error));
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      this.#thread.on("message", onMessage);
      this.#thread.postMessage(job);
    });
  }

  async end(): Promise<void> {
    this.isUsable = false;
    await this.#thread.terminate();
  }
}
