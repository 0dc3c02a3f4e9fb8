import type { Clock } from "../../../core/base/index.ts";
import type { Policy } from "../model.ts";
import type { Statistics } from "../statistics.ts";

/** Stands next to the provider: what gets here is a request that leaves, and the time is the provider's own. */
export function measured(statistics: Statistics, clock: Clock): Policy {
  return (next) => async (call) => {
    call.onRequest?.();
    const startedMs = clock.monotonic();
    try {
      const reply = await next(call);
      statistics.answered(clock.monotonic() - startedMs, reply.tokens?.output ?? null);
      return reply;
    } catch (error) {
      statistics.failed();
      throw error;
    }
  };
}
