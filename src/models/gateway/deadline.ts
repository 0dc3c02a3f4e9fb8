import { type Clock, FlyballError } from "../../core/base/index.ts";
import { ModelCallAborted, ModelTimeout } from "./errors.ts";
import type { Policy } from "./model.ts";

/**
 * Ends a call at its time, also where the provider does not listen to the signal. The time covers all
 * that one candidate does, a repaired answer included; the step's own timeout covers the route.
 */
export function deadline({
  clock,
  timeoutMs,
  model,
}: {
  clock: Clock;
  timeoutMs: number;
  model: string;
}): Policy {
  return (next) => async (call) => {
    if (call.signal.aborted) throw abortReason(call.signal, model);
    const controller = new AbortController();
    const disarm = clock.after(timeoutMs, () => controller.abort(new ModelTimeout(model, timeoutMs)));
    const signal = AbortSignal.any([call.signal, controller.signal]);
    let stopListening = () => {};
    const ended = new Promise<never>((_, reject) => {
      const onAbort = () => reject(abortReason(signal, model));
      signal.addEventListener("abort", onAbort, { once: true });
      stopListening = () => signal.removeEventListener("abort", onAbort);
    });
    try {
      return await Promise.race([next({ ...call, signal }), ended]);
    } catch (error) {
      throw signal.aborted ? abortReason(signal, model) : error;
    } finally {
      disarm();
      stopListening();
    }
  };
}

/** Why a signal aborted, as an error of ours: what its owner gave, a timeout, or a cancellation. */
export function abortReason(signal: AbortSignal, model: string): FlyballError {
  const { reason } = signal;
  if (reason instanceof FlyballError) return reason;
  const isTimeout = reason === "timeout" || (reason instanceof Error && reason.name === "TimeoutError");
  return isTimeout ? new ModelTimeout(model, null) : new ModelCallAborted(model);
}
