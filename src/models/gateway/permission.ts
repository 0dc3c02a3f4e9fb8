import { ModelCallDenied } from "./errors.ts";
import type { Policy } from "./model.ts";

/** The kill switch: what is off is not asked, and what is asked can be broken off. */
export function unlessSwitchedOff(model: string): Policy {
  return (next) => async (call) => {
    call.use(model);
    return next(call);
  };
}

/**
 * Asking a provider is a read, which a shadow (`simulated`) may do. A replay (`recorded`) answers from
 * the journal and `denied` from nowhere: neither calls out.
 */
export function onlyWhereAllowed(model: string): Policy {
  return (next) => async (call) => {
    if (call.effects === "denied" || call.effects === "recorded")
      throw new ModelCallDenied(model, call.effects);
    return next(call);
  };
}
