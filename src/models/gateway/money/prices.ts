import { z } from "zod";
import { canonicalJson, sha256 } from "../../../core/base/index.ts";
import { camelObject } from "../../prompts/index.ts";
import { money, tokenPrice } from "../units.ts";

// What a model costs: one price, or a list of them, each from a day on. No price of a provider comes with
// Flyball (docs/guide/budgets.md says why); a price that nobody gave is unknown, and never zero.

/** US dollars: per token, and per image shown to the model. */
const priceShape = {
  input: z.number(),
  /** Absent where a model writes nothing, such as one that makes vectors. */
  output: z.number().exactOptional(),
  /** Absent: as input. */
  cached: z.number().exactOptional(),
  /** Absent: as input. */
  cacheWrite: z.number().exactOptional(),
  /** Absent: as output. */
  reasoning: z.number().exactOptional(),
  image: z.number().exactOptional(),
};
const onePrice = z.strictObject(priceShape);
const datedPrice = z.strictObject({ from: z.string(), ...priceShape });
export const priceContent = z.union([onePrice, z.array(datedPrice).min(1)]);
export type Price = z.output<typeof onePrice>;
export type Prices = z.output<typeof priceContent>;

const writtenShape = {
  input: tokenPrice,
  output: tokenPrice.exactOptional(),
  cached: tokenPrice.exactOptional(),
  cacheWrite: tokenPrice.exactOptional(),
  reasoning: tokenPrice.exactOptional(),
  image: money.exactOptional(),
};
const day = z.iso.date("expected a day such as 2026-01-31");

/** As people write it under `price`. A list is in the order of its days. */
export const priceSettings = z.union([
  camelObject(writtenShape),
  z
    .array(camelObject({ from: day, ...writtenShape }))
    .min(1)
    .refine((list) => list.every(({ from }, index) => index === 0 || from > (list[index - 1]?.from ?? "")), {
      error: "expected each `from` to be later than the one before it",
    }),
]);

/** A price, and the name of its version: the day it holds from, and the digest of what it says. */
export interface PriceAt {
  readonly price: Price;
  readonly version: string;
}

/** The price that holds at a moment (days are UTC); undefined before the first. */
export function priceAt(prices: Prices | undefined, atMs: number): PriceAt | undefined {
  if (!prices) return undefined;
  if (!Array.isArray(prices)) return versioned(prices, "");
  const today = new Date(atMs).toISOString().slice(0, 10);
  const last = prices.findLast(({ from }) => from <= today);
  return last && versioned(last, `${last.from}/`);
}

const versions = new WeakMap<Price, PriceAt>();

/** Each price is digested once. */
function versioned(price: Price, prefix: string): PriceAt {
  const known = versions.get(price);
  if (known) return known;
  const made = { price, version: `${prefix}${sha256(canonicalJson(price)).slice(0, 12)}` };
  versions.set(price, made);
  return made;
}
