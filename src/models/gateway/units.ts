import { z } from "zod";
import {
  InvalidText,
  parseDuration,
  parseMoney,
  parseShare,
  parseTokenPrice,
} from "../../core/base/index.ts";

/** A unit as people write it in flyball.yaml, in base units afterwards. */
export function inUnits<T>(parse: (text: string | number) => T, expected: string) {
  return z.union([z.string(), z.number()]).transform((written, context) => {
    try {
      return parse(written);
    } catch (error) {
      if (!(error instanceof InvalidText)) throw error;
      context.addIssue({ code: "custom", message: `expected ${expected}` });
      return z.NEVER;
    }
  });
}

export const duration = inUnits(parseDuration, "a duration such as 800ms or 2s");
export const share = inUnits(parseShare, "a share such as 1% or 0.01");
export const tokenPrice = inUnits(parseTokenPrice, "a price such as $0.15/M (dollars per million tokens)");
export const money = inUnits(parseMoney, "an amount of money such as $0.01");
export const rate = inUnits(parseRate, "a rate such as 60/min or 5/s");

export interface Rate {
  readonly limit: number;
  readonly perMs: number;
}

/** `60/min`, `5/s`, `1000/h`; a bare number is per minute, as providers state it. */
function parseRate(text: string | number): Rate {
  const match = /^(\d+(?:\.\d+)?)(?:\/(ms|s|m|min|h|d))?$/.exec(String(text).replace(/\s/g, ""));
  const limit = Number(match?.[1] ?? 0);
  if (!match || limit <= 0) throw new InvalidText(String(text), "a rate such as 60/min");
  const unit = match[2] === "min" ? "m" : (match[2] ?? "m");
  return { limit, perMs: parseDuration(`1${unit}`) };
}
