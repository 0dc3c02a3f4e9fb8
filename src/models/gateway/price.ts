import type { Clock } from "../../core/base/index.ts";
import type { Spent } from "./errors.ts";
import type { ModelCall, Policy, Tokens } from "./model.ts";
import { type Price, type Prices, priceAt } from "./money/prices.ts";

/** Puts the declared price on an answer; what runs on our own machine costs nothing. */
export function priced(prices: Prices | undefined, clock: Clock): Policy {
  return (next) => async (call) => {
    const reply = await next(call);
    const known = reply.tokens && priceAt(prices, clock.now());
    if (!known) return reply;
    return { ...reply, costUsd: costOf(reply.tokens, known.price, imagesOf(call)), price: known.version };
  };
}

/** US dollars; null when something was used that has no price. */
export function costOf(tokens: Tokens, price: Price, images: number): number | null {
  const { input, output = null, cached = input, cacheWrite = input, reasoning = output, image = 0 } = price;
  const written = tokens.output * (output ?? 0) + tokens.reasoning * (reasoning ?? 0);
  if (output === null && tokens.output + tokens.reasoning > 0) return null;
  const read = tokens.input * input + tokens.cached * cached + (tokens.cacheWrite ?? 0) * cacheWrite;
  // Twelve decimals are a millionth of a cent's cent: sums of floats shall not print their last bits.
  return roundedUsd(read + written + images * image);
}

export function roundedUsd(usd: number): number {
  return Number(usd.toFixed(12));
}

export function imagesOf({ messages }: Pick<ModelCall, "messages">): number {
  let images = 0;
  for (const { content } of messages)
    if (typeof content !== "string") for (const part of content) if (part.type === "image") images += 1;
  return images;
}

export const noTokens: Tokens = { input: 0, cached: 0, output: 0, reasoning: 0 };

/** What two calls have cost; one cost that is not known makes the sum unknown. */
export function spentTogether(one: Spent, other: Spent): Spent {
  const costUsd =
    one.costUsd === null || other.costUsd === null ? null : roundedUsd(one.costUsd + other.costUsd);
  const facts = [...(one.facts ?? []), ...(other.facts ?? [])];
  return { costUsd, tokens: addTokens(one.tokens, other.tokens), ...(facts.length > 0 ? { facts } : {}) };
}

function addTokens(a: Tokens | null, b: Tokens | null): Tokens | null {
  if (!a || !b) return null;
  const cacheWrite = (a.cacheWrite ?? 0) + (b.cacheWrite ?? 0);
  return {
    input: a.input + b.input,
    cached: a.cached + b.cached,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
    ...(cacheWrite > 0 ? { cacheWrite } : {}),
  };
}

/** All that was read and written. */
export function totalTokens({ input, cached, cacheWrite = 0, output, reasoning }: Tokens): number {
  return input + cached + cacheWrite + output + reasoning;
}
