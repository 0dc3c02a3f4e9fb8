import { FlyballError } from "../../core/base/index.ts";
import { SwitchedOff } from "../../core/executor/index.ts";
import { NoModelAnswered } from "./errors.ts";
import type { Model } from "./model.ts";
import { BudgetExceeded } from "./money/errors.ts";

/**
 * Asks the candidates in order until one answers. Every failure leads to the next candidate: even a
 * request that one model refuses, another may accept. A cancelled call leads nowhere.
 */
export function firstToAnswer(route: string, candidates: readonly Model[]): Model {
  return async (call) => {
    const failures: FlyballError[] = [];
    for (const candidate of candidates) {
      try {
        return await candidate(call);
      } catch (error) {
        if (!(error instanceof FlyballError) || call.signal.aborted || candidates.length === 1) throw error;
        failures.push(error);
      }
    }
    const off = failures.find((failure) => failure instanceof SwitchedOff);
    // Where every candidate is off, the step waits for one to be on again.
    if (off && failures.every((failure) => failure instanceof SwitchedOff)) throw off;
    const [refusal] = failures;
    // A budget has no room for any of them: the caller is told so, and not that a provider had failed.
    if (refusal && failures.every((failure) => failure instanceof BudgetExceeded)) throw refusal;
    throw new NoModelAnswered(route, failures);
  };
}
