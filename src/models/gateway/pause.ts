import type { Clock } from "../../core/base/index.ts";
import { abortReason } from "./deadline.ts";

/** Waits on the clock that it is given, and not beyond the call. */
export function pause(clock: Clock, ms: number, signal: AbortSignal, model: string): Promise<void> | void {
  if (signal.aborted) throw abortReason(signal, model);
  if (ms <= 0) return;
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      disarm();
      reject(abortReason(signal, model));
    };
    const disarm = clock.after(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
