import type { Clock } from "../../../core/base/index.ts";
import { unlessAborted } from "../deadline.ts";
import { ModelCircuitOpen, ModelError } from "../errors.ts";
import {
  breakerCallsMin,
  breakerOpenMs,
  breakerOpenMsMax,
  breakerShare,
  breakerSliceMs,
  breakerWindowMs,
} from "../limits.ts";
import type { Policy } from "../model.ts";

/** A window of single outcomes would grow with the load, and every call would walk through it. */
interface Slice {
  readonly fromMs: number;
  calls: number;
  failed: number;
}

/**
 * Keeps calls from a model that fails: open after too large a share of failures, then half open, where one
 * call at a time tries whether it is well again. Pure but for the state that it holds; time comes in.
 */
export class Breaker {
  /** Outcomes within the window by the slice of time that they came in, the oldest first. */
  #slices: Slice[] = [];
  #openUntilMs: number | undefined;
  #openForMs = breakerOpenMs;
  #isProbing = false;

  state(nowMs: number): "closed" | "open" | "half_open" {
    if (this.#openUntilMs === undefined) return "closed";
    return nowMs < this.#openUntilMs || this.#isProbing ? "open" : "half_open";
  }

  /** Lets a call through, as the probe where it is half open; otherwise says how long to wait. */
  enter(nowMs: number): { readonly waitMs: number } | undefined {
    if (this.#openUntilMs === undefined) return undefined;
    if (nowMs < this.#openUntilMs) return { waitMs: this.#openUntilMs - nowMs };
    if (this.#isProbing) return { waitMs: breakerOpenMs };
    this.#isProbing = true;
    return undefined;
  }

  /** Null: the outcome says nothing about the model's health. */
  leave(ok: boolean | null, nowMs: number): void {
    const wasProbe = this.#isProbing;
    if (this.#openUntilMs !== undefined) this.#isProbing = false;
    if (ok === null) return;
    // What began before it opened, and failed since, is known already.
    if (this.#openUntilMs !== undefined && !wasProbe) return;
    if (wasProbe)
      return ok ? this.#close() : this.#open(Math.min(this.#openForMs * 2, breakerOpenMsMax), nowMs);
    this.#count(ok, nowMs);
    const calls = this.#slices.reduce((sum, slice) => sum + slice.calls, 0);
    const failed = this.#slices.reduce((sum, slice) => sum + slice.failed, 0);
    if (calls >= breakerCallsMin && failed >= calls * breakerShare) this.#open(breakerOpenMs, nowMs);
  }

  #count(ok: boolean, nowMs: number): void {
    while ((this.#slices[0]?.fromMs ?? nowMs) <= nowMs - breakerWindowMs) this.#slices.shift();
    let slice = this.#slices.at(-1);
    if (!slice || nowMs - slice.fromMs >= breakerSliceMs) {
      slice = { fromMs: nowMs, calls: 0, failed: 0 };
      this.#slices.push(slice);
    }
    slice.calls += 1;
    if (!ok) slice.failed += 1;
  }

  #open(forMs: number, nowMs: number): void {
    this.#openForMs = forMs;
    this.#openUntilMs = nowMs + forMs;
    this.#slices = [];
  }

  #close(): void {
    this.#openForMs = breakerOpenMs;
    this.#openUntilMs = undefined;
  }
}

/** Outcomes count when they are the provider's: what the caller did, or a limit said, opens nothing. */
export function circuitBroken(breaker: Breaker, { clock, model }: { clock: Clock; model: string }): Policy {
  return (next) => async (call) => {
    const refused = breaker.enter(clock.monotonic());
    if (refused) throw new ModelCircuitOpen(model, Math.ceil(refused.waitMs));
    let ok: boolean | null = null;
    try {
      // Also where the provider does not listen to the signal, the probe must come to an end.
      const reply = await unlessAborted(next(call), call.signal, model);
      ok = true;
      return reply;
    } catch (error) {
      ok = isProvidersFailure(error) ? false : null;
      throw error;
    } finally {
      breaker.leave(ok, clock.monotonic());
    }
  };
}

function isProvidersFailure(error: unknown): boolean {
  return (
    error instanceof ModelError &&
    (error.retry === "server" || error.retry === "network" || error.retry === "timeout")
  );
}
