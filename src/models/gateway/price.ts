import type { Price } from "./content.ts";
import type { Spent } from "./errors.ts";
import type { Policy, Tokens } from "./model.ts";

/** Puts the declared price on an answer; what runs on our own machine costs nothing. */
export function priced(price: Price | undefined): Policy {
  return (next) => async (call) => {
    const reply = await next(call);
    return price && reply.tokens ? { ...reply, costUsd: costOf(reply.tokens, price) } : reply;
  };
}

/** US dollars. Reasoning is billed as output; what the provider's cache held, as input unless priced. */
function costOf(tokens: Tokens, price: Price): number {
  const cost =
    tokens.input * price.input +
    tokens.cached * (price.cached ?? price.input) +
    (tokens.output + tokens.reasoning) * price.output;
  return rounded(cost);
}

/** Twelve decimals are a millionth of a cent's cent: sums of floats shall not print their last bits. */
function rounded(costUsd: number): number {
  return Number(costUsd.toFixed(12));
}

export const noTokens: Tokens = { input: 0, cached: 0, output: 0, reasoning: 0 };

/** What two calls have cost; one cost that is not known makes the sum unknown. */
export function spentTogether(one: Spent, other: Spent): Spent {
  const costUsd =
    one.costUsd === null || other.costUsd === null ? null : rounded(one.costUsd + other.costUsd);
  const facts = [...(one.facts ?? []), ...(other.facts ?? [])];
  return { costUsd, tokens: addTokens(one.tokens, other.tokens), ...(facts.length > 0 ? { facts } : {}) };
}

function addTokens(a: Tokens | null, b: Tokens | null): Tokens | null {
  if (!a || !b) return null;
  return {
    input: a.input + b.input,
    cached: a.cached + b.cached,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
  };
}
