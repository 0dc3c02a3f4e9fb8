import { systemClock } from "../core/base/index.ts";
import { exit, note } from "./io.ts";

/** A terminal and npm may both pass on the same Ctrl-C: what comes so soon after the first is the same one. */
const sameSignalMs = 500;

let interrupted: Promise<void> | undefined;
const signals = ["SIGINT", "SIGTERM"] as const;
let leaveSignals = () => {};

/**
 * The first Ctrl-C (or SIGTERM) aborts: nothing new starts and what is under way is finished and recorded.
 * Resolves then. The second ends the process at once, which loses nothing either.
 */
export function untilInterrupted(stop?: AbortController): Promise<void> {
  interrupted ??= firstSignal();
  if (stop) interrupted.then(() => stop.abort());
  return interrupted;
}

/** From now on somebody else takes them. */
export function handOverSignals(): void {
  leaveSignals();
}

function firstSignal(): Promise<void> {
  let atMs: number | undefined;
  return new Promise((resolve) => {
    const onSignal = () => {
      const nowMs = systemClock.monotonic();
      if (atMs !== undefined && nowMs - atMs > sameSignalMs) process.exit(exit.notPossible);
      if (atMs !== undefined) return;
      atMs = nowMs;
      note("\nStopping; the same command goes on from here.");
      resolve();
    };
    for (const signal of signals) process.on(signal, onSignal);
    leaveSignals = () => {
      for (const signal of signals) process.off(signal, onSignal);
    };
  });
}
