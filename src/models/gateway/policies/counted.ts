import type { Policy } from "../model.ts";

/** What became of the calls of one route since the process began. */
export class RouteCounts {
  calls = 0;
  failures = 0;
  cacheHits = 0;
  /** Answers, by the model that gave them. */
  readonly answers = new Map<string, number>();
}

export function counted(counts: RouteCounts): Policy {
  return (next) => async (call) => {
    counts.calls += 1;
    try {
      const reply = await next(call);
      if (reply.trace?.cache === "hit") counts.cacheHits += 1;
      else {
        const model = `${reply.provider}/${reply.model}`;
        counts.answers.set(model, (counts.answers.get(model) ?? 0) + 1);
      }
      return reply;
    } catch (error) {
      counts.failures += 1;
      throw error;
    }
  };
}
