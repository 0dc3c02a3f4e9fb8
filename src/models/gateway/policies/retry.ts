import { type Clock, FlyballError, type Random } from "../../../core/base/index.ts";
import {
  attemptsMax,
  backoffMsFirst,
  backoffMsMax,
  coolDownJitterMs,
  retryReserve,
  retryShare,
} from "../limits.ts";
import type { ModelCall, Policy } from "../model.ts";
import { pause } from "../pause.ts";
import { spoken } from "../spoken.ts";
import { canWait } from "./cool-down.ts";

/**
 * How many calls may be tried again: a tenth of them, and a few in reserve. When a provider is down,
 * trying everything again would double what it has to bear.
 */
export class RetryBudget {
  #retries = retryReserve;

  called(): void {
    this.#retries = Math.min(retryReserve * 2, this.#retries + retryShare);
  }

  take(): boolean {
    if (this.#retries < 1) return false;
    this.#retries -= 1;
    return true;
  }
}

interface Deps {
  readonly clock: Clock;
  readonly random: Random;
  readonly model: string;
}

/**
 * Tries a call again that its caller does not try again. A 429 that names its time is tried again for as
 * long as the call may last, never before that time, and takes nothing from the budget; any other failure
 * that may pass is tried again while the budget lasts. What was heard in part is never tried again.
 */
export function retried(budget: RetryBudget, { clock, random, model }: Deps): Policy {
  return (next) => async (call) => {
    budget.called();
    const heard = spoken(call);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await next(heard.call);
      } catch (error) {
        const waitMs = heard.isSpoken ? undefined : retryInMs(error, attempt, { call, budget, random });
        if (waitMs === undefined || !canWait(call, waitMs, clock.monotonic())) throw error;
        await pause(clock, waitMs, call.signal, model);
      }
    }
  };
}

/** Milliseconds until the next attempt; undefined when there is none. */
function retryInMs(
  error: unknown,
  attempt: number,
  { call, budget, random }: { call: ModelCall; budget: RetryBudget; random: Random },
): number | undefined {
  if (!(error instanceof FlyballError) || error.retry === null || attempt >= attemptsMax) return undefined;
  if (error.retry === "rate_limit" && error.retryAfterMs !== null)
    return error.retryAfterMs + random.next() * coolDownJitterMs;
  if (call.retry !== true || call.hasAlternative || (error.retry !== "rate_limit" && !budget.take()))
    return undefined;
  const fullMs = Math.min(backoffMsMax, backoffMsFirst * 2 ** (attempt - 1));
  return Math.max(fullMs / 2 + (fullMs / 2) * random.next(), error.retryAfterMs ?? 0);
}
