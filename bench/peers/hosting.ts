import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Figure } from "../measure.ts";

export type ToHost =
  | {
      readonly type: "measure";
      readonly steps: number;
      readonly concurrency: number;
      readonly forMs: number;
    }
  | { readonly type: "ask" }
  | { readonly type: "stop" };

/** What was started, as it says itself. */
export interface Introduction {
  readonly name: string;
  readonly version: string;
  readonly settings: string;
}

export type FromHost =
  | ({ readonly type: "ready" } & Introduction)
  | { readonly type: "figure"; readonly figure: Figure }
  | { readonly type: "inEffect"; readonly inEffect: string }
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly reason: string };

type Answer<Type extends FromHost["type"]> = Extract<FromHost, { readonly type: Type }>;

const startMsMax = 180_000;
const answerMsMax = 180_000; // 256 runs of a system that syncs one after the other, on a slow disk

// Nobody is told of a benchmark's runs.
const silence = { SCARF_ANALYTICS: "false", DO_NOT_TRACK: "1", MASTRA_TELEMETRY_DISABLED: "1" };

/** A peer in a process of its own, with its servers in the same process group. */
export class HostedPeer {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  constructor(name: string, folder: string) {
    // The young generation is the one that Flyball's own commands ask for; the peers get it too.
    const args = ["--max-semi-space-size=32", join(import.meta.dirname, "host.ts"), name, folder];
    this.#child = spawn(process.execPath, args, {
      detached: true,
      cwd: folder,
      env: { ...process.env, ...silence, NODE_ENV: "production" },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let printed = "";
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      printed = (printed + chunk.toString("utf8")).slice(-1_000);
    });
    this.#ended = new Promise((_, reject) => {
      this.#child.once("error", reject);
      this.#child.once("exit", (code, signal) =>
        reject(new Error(`its process ended with ${signal ?? `code ${code}`}: ${printed.trim()}`)),
      );
    });
    this.#ended.catch(() => undefined); // told to whoever waits for an answer
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ready(): Promise<Introduction> {
    const { name, version, settings } = await this.#answer("ready", startMsMax);
    return { name, version, settings };
  }

  async measure(what: Omit<Extract<ToHost, { type: "measure" }>, "type">): Promise<Figure> {
    this.#child.send({ type: "measure", ...what });
    return (await this.#answer("figure", what.forMs + answerMsMax)).figure;
  }

  async inEffect(): Promise<string> {
    this.#child.send({ type: "ask" });
    return (await this.#answer("inEffect", answerMsMax)).inEffect;
  }

  async stop(): Promise<void> {
    this.#child.send({ type: "stop" });
    await this.#answer("stopped", answerMsMax);
  }

  /** Ends the process and every server that it started, at once. */
  kill(): void {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // Nothing is left of the group.
    }
  }

  async #answer<Type extends FromHost["type"]>(type: Type, msMax: number): Promise<Answer<Type>> {
    const stop = new AbortController();
    const message = once(this.#child, "message", { signal: stop.signal }).then(
      ([value]) => value as FromHost,
    );
    const late = sleep(msMax, undefined, { signal: stop.signal }).then(() => {
      throw new Error(`no answer within ${msMax / 1_000} s`);
    });
    try {
      const answer = await Promise.race([message, late, this.#ended]);
      if (answer.type === "failed") throw new Error(answer.reason);
      if (answer.type !== type) throw new Error(`its process said ${answer.type} instead of ${type}`);
      return answer as Answer<Type>;
    } finally {
      stop.abort();
      for (const promise of [message, late]) promise.catch(() => undefined);
    }
  }
}
