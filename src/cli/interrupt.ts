import { exit, note } from "./io.ts";

/**
 * The first Ctrl-C (or SIGTERM) aborts: nothing new starts and what is under way is finished and recorded.
 * Resolves then. The second ends the process at once, which loses nothing either.
 */
export function untilInterrupted(stop: AbortController): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = () => {
      if (stop.signal.aborted) process.exit(exit.notPossible);
      note("\nStopping; the same command goes on from here.");
      stop.abort();
      resolve();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
