import type { Clock, Random } from "../../../core/base/index.ts";
import { ModelRateLimited } from "../errors.ts";
import { coolDownJitterMs } from "../limits.ts";
import type { ModelCall, Policy } from "../model.ts";
import { pause } from "../pause.ts";

/** Until when a provider has asked for patience: all calls of a model share it. */
export class CoolDown {
  #untilMs = 0;

  restMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }

  extend(forMs: number, nowMs: number): void {
    this.#untilMs = Math.max(this.#untilMs, nowMs + forMs);
  }
}

interface Deps {
  readonly clock: Clock;
  readonly random: Random;
  readonly model: string;
}

/**
 * Sends nothing before the time that a 429 has named, for this call and all others of the model. A call
 * that can wait until then does; any other fails with the rest of the time.
 */
export function cooledDown(coolDown: CoolDown, { clock, random, model }: Deps): Policy {
  return (next) => async (call) => {
    // Others may have been told to wait while this one did.
    for (let restMs = coolDown.restMs(clock.monotonic()); restMs > 0; ) {
      if (!canWait(call, restMs, clock.monotonic()))
        throw new ModelRateLimited(model, Math.ceil(restMs), "; it has asked for patience");
      await pause(clock, restMs + random.next() * coolDownJitterMs, call.signal, model);
      restMs = coolDown.restMs(clock.monotonic());
    }
    try {
      return await next(call);
    } catch (error) {
      if (error instanceof ModelRateLimited && error.retryAfterMs !== null)
        coolDown.extend(error.retryAfterMs, clock.monotonic());
      throw error;
    }
  };
}

/**
 * Whether a call waits here: not where another model can be asked, nor beyond its end; and a step not
 * for long, because the executor waits for days without keeping anything in memory.
 */
export function canWait(call: ModelCall, waitMs: number, nowMs: number): boolean {
  if (call.hasAlternative || call.signal.aborted) return false;
  if (call.endsAtMs !== undefined && nowMs + waitMs > call.endsAtMs) return false;
  return call.retry === true || waitMs <= (call.patienceMs ?? 0);
}
