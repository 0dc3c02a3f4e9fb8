import type { CachePolicy } from "../../../core/workflow/index.ts";
import type { Answers, Question } from "../answers.ts";
import type { ModelCall, Policy } from "../model.ts";
import { toldAtOnce } from "../output.ts";

export interface CacheRules {
  readonly answers: Answers;
  /** What the route says; a step's own word comes first. */
  readonly cache: CachePolicy | undefined;
  /** A fallback may ask for answers that no cache would keep. */
  readonly keeps: boolean;
  readonly question: (call: ModelCall, cache: Pick<CachePolicy, "share">) => Question;
}

/**
 * Gives the answer that the very same question has had before. Only whole, good answers get here to be
 * kept: a failure throws. Replays and dry runs neither see nor leave any, and what its workflow does not
 * want to be kept is not kept here either.
 */
export function exactCache({ answers, cache: declared, keeps, question }: CacheRules): Policy {
  return (next) => async (call) => {
    const cache = call.cache ?? declared;
    const isReal = call.effects === "live" || call.effects === "simulated";
    const isKept = call.capture !== false && (cache !== undefined || keeps);
    if (!isReal || !isKept) return next(call);
    const asked = question(call, cache ?? { share: false });
    const known = cache && answers.find(asked, { forMs: cache.forMs, exactly: true });
    if (known) return toldAtOnce(call, known);
    const reply = await next(call);
    // An answer that was itself only remembered does not become new again.
    if (reply.trace?.cache !== "hit") answers.keep(asked, call.origin, reply);
    return reply.trace && cache && reply.trace.cache === "off"
      ? { ...reply, trace: { ...reply.trace, cache: "miss" } }
      : reply;
  };
}
