import { type Clock, FlyballError } from "../../core/base/index.ts";
import { ModelCallAborted, ModelTimeout } from "./errors.ts";
import type { ModelReply, Policy } from "./model.ts";

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
    const endsAtMs = Math.min(clock.monotonic() + timeoutMs, call.endsAtMs ?? Number.POSITIVE_INFINITY);
    const disarm = clock.after(timeoutMs, () => controller.abort(new ModelTimeout(model, timeoutMs)));
    // Not `AbortSignal.any`: its weak references cost more than all other policies together.
    const onAbort = () => controller.abort(call.signal.reason);
    call.signal.addEventListener("abort", onAbort, { once: true });
    const { signal } = controller;
    try {
      return await unlessAborted(next({ ...call, signal, endsAtMs }), signal, model);
    } finally {
      disarm();
      call.signal.removeEventListener("abort", onAbort);
    }
  };
}

/** The answer, or the signal's reason as soon as it aborts, also where nobody listens to the signal. */
export function unlessAborted(
  answer: Promise<ModelReply>,
  signal: AbortSignal,
  model: string,
): Promise<ModelReply> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortReason(signal, model));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    answer.then(
      (reply) => {
        signal.removeEventListener("abort", onAbort);
        resolve(reply);
      },
      (error) => {
        signal.removeEventListener("abort", onAbort);
        reject(signal.aborted ? abortReason(signal, model) : error);
      },
    );
  });
}

/** Why a signal aborted, as an error of ours: what its owner gave, a timeout, or a cancellation. */
export function abortReason(signal: AbortSignal, model: string): FlyballError {
  const { reason } = signal;
  if (reason instanceof FlyballError) return reason;
  const isTimeout = reason === "timeout" || (reason instanceof Error && reason.name === "TimeoutError");
  return isTimeout ? new ModelTimeout(model, null) : new ModelCallAborted(model);
}
