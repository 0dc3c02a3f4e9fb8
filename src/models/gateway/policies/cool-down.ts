import type { Clock, Random } from "../../../core/base/index.ts";
import { abortReason } from "../deadline.ts";
import { ModelRateLimited } from "../errors.ts";
import { coolDownJitterMs, windowRetryMs } from "../limits.ts";
import type { ModelCall, Policy } from "../model.ts";
import { pause } from "../pause.ts";
import { Window } from "./window.ts";

/** Until when a provider has asked for patience, and how many may come back then: all calls of a model share it. */
export class CoolDown {
  readonly window = new Window();
  #untilMs = 0;
  #saidAtMs = 0;
  #isOver = true;

  restMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }

  extend(forMs: number, nowMs: number): void {
    if (nowMs + forMs <= this.#untilMs) return;
    this.#untilMs = nowMs + forMs;
    this.#saidAtMs = nowMs;
    this.#isOver = false;
  }

  /**
   * The rest for one that waited until then. Calls come back spread over a moment, and what the first of
   * them are told does not send the others back: they would wait in vain, round after round.
   */
  restAfterMs(waitedUntilMs: number, nowMs: number): number {
    return this.#saidAtMs < waitedUntilMs ? this.restMs(nowMs) : 0;
  }

  /** A call has waited long enough. The first one after the time opens the window for all; not one before it. */
  enter(nowMs: number): boolean {
    if (!this.#isOver && nowMs >= this.#untilMs) {
      this.window.reopen();
      this.#isOver = true;
    }
    return this.window.enter();
  }
}

interface Deps {
  readonly clock: Clock;
  readonly random: Random;
  readonly model: string;
}

/**
 * Sends nothing before the time that a 429 has named, for this call and all others of the model, and
 * afterwards no more at once than the provider bears. A call that can wait does; any other fails with the
 * time to come back.
 */
export function cooledDown(coolDown: CoolDown, deps: Deps): Policy {
  const { clock } = deps;
  const { window } = coolDown;
  return (next) => async (call) => {
    try {
      await cool(coolDown, call, deps);
      while (!coolDown.enter(clock.monotonic())) {
        await someoneLeft(window, call, deps);
        await cool(coolDown, call, deps);
      }
    } catch (error) {
      window.wake();
      throw error;
    }
    let isAnswered = false;
    try {
      const reply = await next(call);
      isAnswered = true;
      return reply;
    } catch (error) {
      if (error instanceof ModelRateLimited && error.retryAfterMs !== null)
        coolDown.extend(error.retryAfterMs, clock.monotonic());
      throw error;
    } finally {
      window.leave(isAnswered);
    }
  };
}

async function cool(coolDown: CoolDown, call: ModelCall, { clock, random, model }: Deps): Promise<void> {
  for (let restMs = coolDown.restMs(clock.monotonic()); restMs > 0; ) {
    const nowMs = clock.monotonic();
    if (!canWait(call, restMs, nowMs))
      throw new ModelRateLimited(model, Math.ceil(restMs), "; it has asked for patience");
    await pause(clock, restMs + random.next() * coolDownJitterMs, call.signal, model);
    restMs = coolDown.restAfterMs(nowMs + restMs, clock.monotonic());
  }
}

/** Until there may be room in the window, as long as the call has patience. */
function someoneLeft(window: Window, call: ModelCall, { clock, model }: Deps): Promise<void> {
  const { signal, patienceMs = 0 } = call;
  const tooMany = () => new ModelRateLimited(model, windowRetryMs, "; it bears no more calls at once");
  if (signal.aborted) throw abortReason(signal, model);
  if (!canWait(call, windowRetryMs, clock.monotonic())) throw tooMany();
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      stopListening();
      stopTimer();
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const stopListening = window.onFree(() => end(resolve));
    const stopTimer = call.retry ? () => {} : clock.after(patienceMs, () => end(() => reject(tooMany())));
    const onAbort = () => end(() => reject(abortReason(signal, model)));
    signal.addEventListener("abort", onAbort, { once: true });
  });
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
