import type { Clock, Random } from "../../../core/base/index.ts";
import { ModelRateLimited } from "../errors.ts";
import { coolDownJitterMs } from "../limits.ts";
import type { ModelCall, Policy } from "../model.ts";
import { pause } from "../pause.ts";

/** Until when a provider has asked for patience: all calls of a model share it. */
export class CoolDown {
  #untilMs = 0;
  #saidAtMs = 0;

  restMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }

  extend(forMs: number, nowMs: number): void {
    if (nowMs + forMs <= this.#untilMs) return;
    this.#untilMs = nowMs + forMs;
    this.#saidAtMs = nowMs;
  }

  /**
   * The rest for one that waited until then. Calls come back spread over a moment, and what the first of
   * them are told does not send the others back: they would wait in vain, round after round.
   */
  restAfterMs(waitedUntilMs: number, nowMs: number): number {
    return this.#saidAtMs < waitedUntilMs ? this.restMs(nowMs) : 0;
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
    for (let restMs = coolDown.restMs(clock.monotonic()); restMs > 0; ) {
      const nowMs = clock.monotonic();
      if (!canWait(call, restMs, nowMs))
        throw new ModelRateLimited(model, Math.ceil(restMs), "; it has asked for patience");
      await pause(clock, restMs + random.next() * coolDownJitterMs, call.signal, model);
      restMs = coolDown.restAfterMs(nowMs + restMs, clock.monotonic());
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
