import { FlyballError } from "../../../core/base/index.ts";
import type { Policy } from "../model.ts";
import { roundedUsd } from "../price.ts";

/**
 * Adds up what one call has spent, over all requests that were made for it: an answer has the cost of
 * those that failed before it, and an error that of all. A cost that is not known stays unknown.
 */
export const billed: Policy = (next) => async (call) => {
  let spentUsd = 0;
  const onCost = (usd: number) => {
    spentUsd = roundedUsd(spentUsd + usd);
    call.onCost?.(usd);
  };
  try {
    const reply = await next({ ...call, onCost });
    return reply.costUsd === null ? reply : { ...reply, costUsd: Math.max(reply.costUsd, spentUsd) };
  } catch (error) {
    if (error instanceof FlyballError) error.costUsd = spentUsd;
    throw error;
  }
};
