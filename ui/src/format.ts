/** What people read: durations, moments, money. Pure, and the same everywhere. */

export function formatDuration(ms: number): string {
  if (ms < 1) return "0 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
  return `${Math.floor(ms / 86_400_000)} d ${Math.round((ms % 86_400_000) / 3_600_000)} h`;
}

/** `3 min ago`, `in 2 h`: one unit, as exact as people ask, and as what they look at keeps up with the clock. */
export function formatRelative(iso: string, nowMs: number): string {
  const apartMs = Date.parse(iso) - nowMs;
  const ms = Math.abs(apartMs) < tickMs ? 0 : apartMs;
  const size = Math.abs(ms);
  const [unit, unitMs] = units.find(([, unitMs]) => size >= unitMs) ?? (["second", 1_000] as const);
  return relative.format(Math.round(ms / unitMs), unit);
}

/** How often what is shown as relative to now is told of it. */
export const tickMs = 5_000;

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export function formatMoment(iso: string): string {
  return moment.format(new Date(iso));
}

/** US dollars, with as many digits as a small amount needs to be seen. */
export function formatMoney(usd: number | null | undefined): string {
  if (usd === null || usd === undefined) return "–";
  if (usd === 0) return "$0";
  if (Math.abs(usd) >= 1) return `$${usd.toFixed(2)}`;
  return `$${small.format(usd)}`;
}

const small = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });

export function formatShare(share: number | null | undefined): string {
  return share === null || share === undefined ? "–" : `${(share * 100).toFixed(1).replace(/\.0$/, "")}%`;
}

/** Long names of versions and runs, as much as people compare. */
export function shortId(id: string): string {
  return id.length > 14 ? id.slice(0, 12) : id;
}

/** A value as text: a string as it is, anything else as JSON. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
}
