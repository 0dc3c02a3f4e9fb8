import { type ExitCode, exit, note } from "./io.ts";

export interface Interruption {
  /** Resolves when the user, or whoever runs us, asks us to stop. */
  readonly promise: Promise<void>;
  code(): ExitCode;
}

/**
 * The first Ctrl-C (or SIGTERM) aborts: nothing new starts and what is under way is finished and recorded.
 * The second ends the process at once, which loses nothing either.
 */
export function untilInterrupted(stop: AbortController): Interruption {
  const promise = new Promise<void>((resolve) => {
    const onSignal = () => {
      if (stop.signal.aborted) process.exit(exit.notPossible);
      note("\nStopping; the same command goes on from here.");
      stop.abort();
      resolve();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
  return { promise, code: () => exit.notPossible };
}
