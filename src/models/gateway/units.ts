import {
  InvalidText,
  parseDuration,
  parseMoney,
  parseShare,
  parseTokenPrice,
} from "../../core/base/index.ts";
import { measured } from "../../core/workflow/index.ts";

// Units as people write them in flyball.yaml, in base units afterwards.
export const duration = measured(parseDuration);
export const share = measured(parseShare);
export const tokenPrice = measured(parseTokenPrice);
export const money = measured(parseMoney);
export const rate = measured(parseRate);

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
