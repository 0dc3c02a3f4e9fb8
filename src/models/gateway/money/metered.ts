import { type Clock, FlyballError } from "../../../core/base/index.ts";
import type { Charge } from "../../../core/executor/index.ts";
import { abortReason } from "../deadline.ts";
import { outputTokensUnderBudget } from "../limits.ts";
import type { Model, ModelCall, ModelReply, Policy, Tokens } from "../model.ts";
import { costOf, imagesOf } from "../price.ts";
import type { Downgrade } from "./budget.ts";
import { BudgetExceeded } from "./errors.ts";
import { mostOf } from "./estimate.ts";
import type { Hold, Ledger } from "./ledger.ts";
import { type Outcome, outcomeOfFailure } from "./outcome.ts";
import { type PriceAt, type Prices, priceAt } from "./prices.ts";

export interface MeterOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** `provider/name`. */
  readonly model: string;
  readonly route: string;
  readonly prices: Prices | undefined;
  /** It runs on this machine: neither money nor tokens are counted. */
  readonly isLocal: boolean;
  readonly maxOutputTokens: number | undefined;
}

/**
 * Stands around each single request: what it can cost is held back before, in every budget that applies,
 * and counted after. A call that is tried again, repaired or given to another model comes here each time.
 * Under a budget its answer has a bound, which is sent along.
 */
export function metered(options: MeterOptions): Policy {
  return (next) => async (call) => {
    // Answers of a replay come from the journal, and nothing is called out for in a dry run.
    if (call.effects === "denied" || call.effects === "recorded") return next(call);
    const { ledger, clock, prices } = options;
    const known = priceAt(prices, clock.now());
    const maxTokens = outputBound(call, options);
    const reserving = ledger.reserve({
      spender: spenderOf(call, options),
      runLimitUsd: call.budgetUsd,
      most: options.isLocal ? nothing : mostOf(call, maxTokens, known?.price),
      past: call.downgradedBy ?? [],
    });
    if (!reserving) return ask(next, call, { known, hold: undefined }, options);
    const hold = await reserving;
    if (call.signal.aborted) {
      ledger.settle(hold, { type: "free" }, undefined);
      throw abortReason(call.signal, options.model);
    }
    const isBounded = !options.isLocal && hold.parts.some(({ budget }) => budget.unit !== "calls");
    if (!isBounded) return ask(next, call, { known, hold }, options);
    const bounded = { ...call, settings: { ...call.settings, maxTokens } };
    return { ...(await ask(next, bounded, { known, hold }, options)), maxTokens };
  };
}

const nothing = { tokens: 0, usd: 0 } as const;

function outputBound({ settings }: ModelCall, { maxOutputTokens }: MeterOptions): number {
  const asked = settings.maxTokens ?? maxOutputTokens ?? outputTokensUnderBudget;
  return Math.min(asked, maxOutputTokens ?? asked);
}

interface Terms {
  readonly known: PriceAt | undefined;
  readonly hold: Hold | undefined;
}

async function ask(next: Model, call: ModelCall, terms: Terms, options: MeterOptions): Promise<ModelReply> {
  let reply: ModelReply;
  try {
    reply = await next(call);
  } catch (error) {
    count(call, outcomeOf(error, call, terms), { ...terms, failed: codeOf(error) }, options);
    throw error;
  }
  count(call, { type: "done", usd: reply.costUsd, tokens: reply.tokens }, terms, options);
  return reply;
}

function outcomeOf(error: unknown, call: ModelCall, { known }: Terms): Outcome {
  const outcome = outcomeOfFailure(error);
  if (outcome.type !== "done" || !outcome.tokens || !known) return outcome;
  return { ...outcome, usd: costOf(outcome.tokens, known.price, imagesOf(call)) };
}

function codeOf(error: unknown): string {
  return error instanceof FlyballError ? error.code : "UNEXPECTED";
}

function count(
  call: ModelCall,
  outcome: Outcome,
  { known, hold, failed }: Terms & { readonly failed?: string },
  options: MeterOptions,
): void {
  const { usd, tokens } = outcome.type === "done" ? outcome : { usd: null, tokens: null };
  const isCharged = tokens !== null || (usd !== null && usd > 0);
  const facts = { usd, tokens, price: known?.version, failed };
  options.ledger.settle(hold, outcome, isCharged ? chargeOf(call, facts, options) : undefined);
  if (usd !== null && usd > 0) call.onCost?.(usd);
}

function chargeOf(
  call: ModelCall,
  facts: {
    usd: number | null;
    tokens: Tokens | null;
    price?: string | undefined;
    failed?: string | undefined;
  },
  { model }: MeterOptions,
): Charge {
  const { usd, tokens, price, failed } = facts;
  const { tenant = "", feature = "" } = call.tags;
  return {
    run: call.origin.runId,
    path: call.origin.path,
    workflow: call.workflow,
    tenant,
    feature,
    model,
    usd,
    tokens: tokens && { ...tokens },
    ...(price === undefined ? {} : { price }),
    ...(failed === undefined ? {} : { failed }),
  };
}

function spenderOf(call: ModelCall, { model, route }: MeterOptions) {
  const { origin, workflow, tags } = call;
  return { run: origin.runId, path: origin.path, workflow, route, model, tags };
}

/** Gives a call that a budget has no room for to the model that the budget names, where it names one. */
export function downgraded(modelOf: (to: Downgrade) => Model): Policy {
  return (next) => async (call) => {
    try {
      return await next(call);
    } catch (error) {
      if (!(error instanceof BudgetExceeded) || !error.to) throw error;
      const { budget, to } = error;
      const reply = await modelOf(to)({ ...call, downgradedBy: [...(call.downgradedBy ?? []), budget] });
      const route = { chosen: `${reply.provider}/${reply.model}`, reason: `the budget ${budget} is spent` };
      return { ...reply, trace: { attempts: 1, cache: "off", ...reply.trace, route } };
    }
  };
}
