import { type Ended, type Supervised, supervise } from "../actions/processes/index.ts";
import { systemClock } from "../core/base/index.ts";
import { type ExitCode, exit, note } from "./io.ts";

/** Set for the process that does the work, and hidden from what that process starts. */
const supervisedVariable = "FLYBALL_SUPERVISED";
/** Set when the one before crashed by itself, so that what it was doing is looked at more closely. */
const crashedVariable = "FLYBALL_CRASHED";
/** How often the engine says that its event loop turns. */
const reportMs = 1_000;
/** So many reports missed, and the engine is taken for blocked. */
const silentReportsMax = 20;
const restartMs = { first: 100, max: 5_000 } as const;
/** An engine that has served for so long begins with the shortest delay again. */
const settledMs = 10_000;

type Report = "working" | "serving";

/** Whether this process is the one that works, under one that watches over it. */
export function isSupervised(): boolean {
  return process.env[supervisedVariable] !== undefined;
}

/** Whether the engine before this one crashed by itself: one that was killed from outside did not. */
export function hasCrashedBefore(): boolean {
  return process.env[crashedVariable] !== undefined;
}

/** Says from now on that the event loop turns; the result says that the API is served. */
export function reportProgress(): { serving(): void; stop(): void } {
  delete process.env[supervisedVariable];
  delete process.env[crashedVariable];
  const say = (report: Report) => process.connected && process.send?.(report, () => {});
  let stop = () => {};
  const arm = () => {
    say("working");
    stop = systemClock.after(reportMs, arm);
  };
  arm();
  return { serving: () => void say("serving"), stop: () => stop() };
}

/**
 * Runs this very command, or another one, as a child, and again whenever it ends otherwise than by itself. It never gives
 * up: what has served once is started again for as long as nobody stops it. A first start that is refused
 * (bad input, a folder or port that is taken) is passed on.
 */
export async function superviseCommand(args = process.argv.slice(2)): Promise<ExitCode> {
  const watch = new Watch(args);
  for (;;) {
    const { ended, servedMs } = await watch.runOnce();
    const wasStopped = ended.signal === "SIGTERM" || ended.signal === "SIGINT";
    if (ended.code === exit.done || wasStopped || watch.isStopping) return exitCodeOf(ended);
    if (!watch.hasServed && (ended.code === exit.badInput || ended.code === exit.notPossible))
      return ended.code;
    const delayMs = watch.delayAfter(servedMs);
    const how = ended.signal ? `was ended by ${ended.signal}` : `ended with exit code ${ended.code}`;
    note(`flyball: the engine ${how}; it is started again in ${delayMs / 1000} s.`);
    await watch.pause(delayMs);
    if (watch.isStopping) return exit.done;
  }
}

class Watch {
  hasServed = false;
  isStopping = false;
  readonly #args: readonly string[];
  #child: Supervised | undefined;
  #hasCrashed = false;
  #delayMs: number = restartMs.first;
  #endPause: (() => void) | undefined;

  constructor(args: readonly string[]) {
    this.#args = args;
    for (const [signal, passedOn] of [
      ["SIGINT", "SIGINT"],
      ["SIGTERM", "SIGTERM"],
      ["SIGHUP", "SIGTERM"],
    ] as const)
      process.on(signal, () => this.#stop(passedOn));
  }

  /** The child has a group of its own, so what the terminal sends reaches it only from here. */
  #stop(signal: NodeJS.Signals): void {
    this.isStopping = true;
    this.#child?.process.kill(signal);
    this.#endPause?.();
  }

  async runOnce(): Promise<{ readonly ended: Ended; readonly servedMs: number }> {
    const child = supervise({
      command: [process.execPath, ...process.execArgv, process.argv[1] ?? "", ...this.#args],
      environment: {
        ...process.env,
        [supervisedVariable]: "1",
        ...(this.#hasCrashed ? { [crashedVariable]: "1" } : {}),
      },
      streams: ["ignore", "inherit", "inherit"],
      channel: true,
    });
    this.#child = child;
    let servingSince: number | undefined;
    let silent = 0;
    let isSilent = false;
    child.process.on("message", (report: Report) => {
      silent = 0;
      if (report !== "serving") return;
      this.hasServed = true;
      servingSince = systemClock.monotonic();
    });
    // Reports that are missed are counted here: a machine that slept has not blocked anything.
    const stopLooking = every(reportMs, () => {
      silent += 1;
      if (silent < silentReportsMax) return;
      isSilent = true;
      note(`flyball: the engine has not answered for ${silentReportsMax} s; it is ended.`);
      child.kill("SIGKILL");
    });
    const ended = await child.ended;
    // A refusal of the store (3) is nobody's fault who was under way; a kill from outside is not either.
    this.#hasCrashed = isSilent || (ended.signal !== "SIGKILL" && ended.code !== exit.notPossible);
    stopLooking();
    child.release();
    this.#child = undefined;
    return { ended, servedMs: servingSince === undefined ? 0 : systemClock.monotonic() - servingSince };
  }

  delayAfter(servedMs: number): number {
    const delayMs = servedMs >= settledMs ? restartMs.first : this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, restartMs.max);
    return delayMs;
  }

  async pause(delayMs: number): Promise<void> {
    if (this.isStopping) return;
    await new Promise<void>((resolve) => {
      const stop = systemClock.after(delayMs, resolve);
      this.#endPause = () => {
        stop();
        resolve();
      };
    });
  }
}

function every(periodMs: number, work: () => void): () => void {
  let stop = () => {};
  const arm = () => {
    stop = systemClock.after(periodMs, () => {
      work();
      arm();
    });
  };
  arm();
  return () => stop();
}

/** A stop that was asked for and had to be forced is not a clean one. */
function exitCodeOf({ code }: Ended): ExitCode {
  const known = Object.values(exit).find((each) => each === code);
  return known ?? exit.notPossible;
}
