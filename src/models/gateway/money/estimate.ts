import { canonicalJson } from "../../../core/base/index.ts";
import { imageTokensMax, messageTokensMax } from "../limits.ts";
import type { ModelCall } from "../model.ts";
import { imagesOf } from "../price.ts";
import type { Price } from "./prices.ts";

/** The most that one request can use. */
export interface Most {
  readonly tokens: number;
  /** Dollars; null when nobody knows. */
  readonly usd: number | null;
}

/**
 * The most that a call can use at a price, when its answer has at most so many tokens. A token of the
 * models in use stands for at least one byte of UTF-8, so the bytes sent are a bound of the tokens read,
 * about four times what English has: what is too much is given back when the answer is there.
 */
export function mostOf(call: ModelCall, outputTokens: number, price: Price | undefined): Most {
  const read = inputTokensMax(call);
  const written = call.embed ? 0 : outputTokens;
  return {
    tokens: read + written,
    usd: price ? usdOf(price, { read, written, images: imagesOf(call) }) : null,
  };
}

function usdOf(price: Price, used: { read: number; written: number; images: number }): number | null {
  const { input, cached = 0, cacheWrite = 0, output, reasoning = 0, image = 0 } = price;
  if (used.written > 0 && output === undefined) return null;
  const dearestRead = Math.max(input, cached, cacheWrite);
  const dearestWritten = Math.max(output ?? 0, reasoning);
  return used.read * dearestRead + used.written * dearestWritten + used.images * image;
}

function inputTokensMax(call: ModelCall): number {
  let tokens = messageTokensMax;
  for (const { content, toolCalls } of call.messages) {
    const texts =
      typeof content === "string" ? [content] : content.map((part) => ("text" in part ? part.text : ""));
    for (const text of texts) tokens += Buffer.byteLength(text);
    tokens += messageTokensMax + (toolCalls ? Buffer.byteLength(JSON.stringify(toolCalls)) : 0);
  }
  if (call.messages.length === 0 && !call.embed) tokens += Buffer.byteLength(canonicalJson(call.input));
  for (const text of call.embed ?? []) tokens += Buffer.byteLength(text) + messageTokensMax;
  for (const extra of [call.tools, call.output])
    if (extra) tokens += Buffer.byteLength(JSON.stringify(extra));
  return tokens + imagesOf(call) * imageTokensMax;
}
