import { type Clock, FlyballError, type Random } from "../../../core/base/index.ts";
import { ModelCircuitOpen } from "../errors.ts";
import {
  attemptsMax,
  backoffMsFirst,
  backoffMsMax,
  retriesMax,
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
  /** Since the process began. */
  retried = 0;

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
 * Tries a call again that its caller does not try again; stands around the cool-down. A 429 that names its
 * time is tried again for as long as the call may last, never before that time, and takes nothing from the
 * budget; any other failure that may pass is tried again while the budget lasts. What was heard in part is
 * never tried again.
 */
export function retried(budget: RetryBudget, { clock, random, model }: Deps): Policy {
  return (next) => async (call) => {
    budget.called();
    const heard = spoken(call);
    let before: unknown;
    for (let attempt = 1; ; attempt += 1) {
      const startedMs = clock.monotonic();
      try {
        return await next(heard.call);
      } catch (error) {
        const waitMs = heard.isSpoken ? undefined : retryInMs(error, attempt, { call, budget, random });
        // Its own failures have opened the circuit: they say more than that it is open.
        if (error instanceof ModelCircuitOpen) throw before ?? error;
        const nowMs = clock.monotonic();
        const isNamed = namedTimeMs(error) !== undefined;
        // An attempt that would not end in time, if it took as long as this one, is not worth making.
        const tookMs = isNamed ? 0 : nowMs - startedMs;
        if (waitMs === undefined || !canWait(call, waitMs + tookMs, nowMs)) throw error;
        before = error;
        budget.retried += 1;
        // What a 429 has asked for is waited for within, by all calls of the model together.
        if (!isNamed) await pause(clock, waitMs, call.signal, model);
      }
    }
  };
}

/** When a 429 says that it may be tried again. */
function namedTimeMs(error: unknown): number | undefined {
  const isNamed = error instanceof FlyballError && error.retry === "rate_limit";
  return isNamed ? (error.retryAfterMs ?? undefined) : undefined;
}

/** Milliseconds until the next attempt; undefined when there is none. */
function retryInMs(
  error: unknown,
  attempt: number,
  { call, budget, random }: { call: ModelCall; budget: RetryBudget; random: Random },
): number | undefined {
  if (!(error instanceof FlyballError) || error.retry === null || attempt >= attemptsMax) return undefined;
  const namedMs = namedTimeMs(error);
  if (namedMs !== undefined) return namedMs;
  if (call.retry !== true || call.hasAlternative || attempt > retriesMax) return undefined;
  if (error.retry !== "rate_limit" && !budget.take()) return undefined;
  const fullMs = Math.min(backoffMsMax, backoffMsFirst * 2 ** (attempt - 1));
  return Math.max(fullMs / 2 + (fullMs / 2) * random.next(), error.retryAfterMs ?? 0);
}
