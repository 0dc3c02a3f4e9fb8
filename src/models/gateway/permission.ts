import { ModelCallDenied } from "./errors.ts";
import type { Policy } from "./model.ts";

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
