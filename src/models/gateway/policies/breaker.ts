import type { Clock } from "../../../core/base/index.ts";
import { unlessAborted } from "../deadline.ts";
import { ModelCircuitOpen, ModelError } from "../errors.ts";
import {
  breakerCallsMin,
  breakerOpenMs,
  breakerOpenMsMax,
  breakerShare,
  breakerWindowMs,
} from "../limits.ts";
import type { Policy } from "../model.ts";

/**
 * Keeps calls from a model that fails: open after too large a share of failures, then half open, where one
 * call at a time tries whether it is well again. Pure but for the state that it holds; time comes in.
 */
export class Breaker {
  /** Outcomes within the window, the oldest first. */
  #outcomes: { readonly atMs: number; readonly ok: boolean }[] = [];
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
    this.#outcomes.push({ atMs: nowMs, ok });
    const from = this.#outcomes.findIndex(({ atMs }) => atMs > nowMs - breakerWindowMs);
    this.#outcomes.splice(0, from);
    const failed = this.#outcomes.filter((outcome) => !outcome.ok).length;
    if (this.#outcomes.length >= breakerCallsMin && failed >= this.#outcomes.length * breakerShare)
      this.#open(breakerOpenMs, nowMs);
  }

  #open(forMs: number, nowMs: number): void {
    this.#openForMs = forMs;
    this.#openUntilMs = nowMs + forMs;
    this.#outcomes = [];
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
