import type { Clock } from "../../../core/base/index.ts";
import type { ModelLimit } from "../content.ts";
import { ModelRateLimited } from "../errors.ts";
import { outputTokensGuess } from "../limits.ts";
import type { ModelCall, Policy } from "../model.ts";
import { pause } from "../pause.ts";
import { totalTokens } from "../price.ts";
import { estimatedInputTokens } from "../strategy.ts";
import { canWait } from "./cool-down.ts";

/**
 * One rate, by the generic cell rate algorithm (ITU-T I.371, annex A): one moment says all, and a burst of
 * the whole limit is let through. Whoever takes an amount is told how long to wait, in the order of asking.
 */
export class Rate {
  readonly limit: number;
  readonly perMs: number;
  #momentMs = 0;

  constructor({ limit, perMs }: Pick<ModelLimit, "limit" | "perMs">) {
    this.limit = limit;
    this.perMs = perMs;
  }

  /** How long an amount would have to wait now; what is more than the limit waits for all of it. */
  waitMs(amount: number, nowMs: number): number {
    const cost = Math.min(amount, this.limit) * (this.perMs / this.limit);
    return Math.max(0, Math.max(this.#momentMs, nowMs) + cost - this.perMs - nowMs);
  }

  take(amount: number, nowMs: number): void {
    this.#momentMs = Math.max(this.#momentMs, nowMs) + amount * (this.perMs / this.limit);
  }

  /** What was taken by estimate, as it turned out; negative gives back. */
  correct(amount: number): void {
    this.#momentMs += amount * (this.perMs / this.limit);
  }
}

export interface Limited {
  readonly unit: ModelLimit["unit"];
  readonly rate: Rate;
}

/** Keeps to the declared rates: a call waits for its turn, or is told when to come back. */
export function rateLimited(
  limits: readonly Limited[],
  { clock, model }: { clock: Clock; model: string },
): Policy {
  if (limits.length === 0) return (next) => next;
  return (next) => async (call) => {
    const nowMs = clock.monotonic();
    const estimate = estimatedTokens(call);
    const amountOf = ({ unit }: Limited) => (unit === "calls" ? 1 : estimate);
    const waitMs = Math.max(...limits.map((each) => each.rate.waitMs(amountOf(each), nowMs)));
    if (waitMs > 0 && !canWait(call, waitMs, nowMs))
      throw new ModelRateLimited(model, Math.ceil(waitMs), "; its declared rate is used up");
    for (const each of limits) each.rate.take(amountOf(each), nowMs);
    await pause(clock, waitMs, call.signal, model);
    const reply = await next(call);
    const { tokens } = reply;
    if (tokens)
      for (const { unit, rate } of limits)
        if (unit === "tokens") rate.correct(totalTokens(tokens) - estimate);
    return reply;
  };
}

function estimatedTokens(call: ModelCall): number {
  return estimatedInputTokens(call) + (call.embed ? 0 : (call.settings.maxTokens ?? outputTokensGuess));
}
