import { InvalidText } from "./errors.ts";

const durationUnitsMs: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of `500ms`, `2s`, `4h`, `1h30m`, `7d`; a bare number is seconds. */
export function parseDuration(text: string | number): number {
  if (typeof text === "number" && text >= 0 && Number.isFinite(text)) return Math.round(text * 1_000);
  const parts = [...String(text).matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== String(text))
    throw new InvalidText(String(text), "a duration such as 500ms, 2s, 4h or 1h30m");
  return Math.round(
    parts.reduce((sum, part) => sum + Number(part[1]) * (durationUnitsMs[part[2] ?? ""] ?? 0), 0),
  );
}

/** A duration for people: `850 ms`, `2.4 s`, `3 m 5 s`, `2 h 10 m`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 10) return `${Number(ms.toFixed(ms < 1 ? 2 : 1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const whole = Math.max(ms, 60_000);
  const [large, largeUnit, small, smallUnit] =
    whole < 3_600_000
      ? [60_000, "m", 1_000, "s"]
      : whole < 86_400_000
        ? [3_600_000, "h", 60_000, "m"]
        : [86_400_000, "d", 3_600_000, "h"];
  const rest = Math.floor((whole % Number(large)) / Number(small));
  return `${Math.floor(whole / Number(large))} ${largeUnit}${rest > 0 ? ` ${rest} ${smallUnit}` : ""}`;
}

/** Dollars of `$0.01` or `0.01`. */
export function parseMoney(text: string | number): number {
  const match = /^\$?(\d+(?:\.\d+)?)$/.exec(String(text).trim());
  if (!match) throw new InvalidText(String(text), "an amount of money such as $0.01");
  return Number(match[1]);
}

/** Dollars per token of `$0.15/M`, `$0.15/K` or `0.15` (per million). */
export function parseTokenPrice(text: string | number): number {
  const match = /^\$?(\d+(?:\.\d+)?)(?:\/([MK]))?$/.exec(String(text).trim());
  if (!match) throw new InvalidText(String(text), "a price such as $0.15/M (dollars per million tokens)");
  return Number(match[1]) / (match[2] === "K" ? 1_000 : 1_000_000);
}

/** `$0.0012` for people; a price that is exactly zero is `$0`. */
export function formatMoney(dollars: number): string {
  if (dollars === 0) return "$0";
  return dollars >= 1 ? `$${dollars.toFixed(2)}` : `$${Number(dollars.toPrecision(3))}`;
}

/** `12.5%` for people. */
export function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}

/** A share between 0 and 1 of `70%` or `0.7`. */
export function parseShare(text: string | number): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(String(text).trim());
  const share = match ? Number(match[1]) / (match[2] ? 100 : 1) : Number.NaN;
  if (!(share >= 0 && share <= 1)) throw new InvalidText(String(text), "a share such as 70% or 0.7");
  return share;
}
