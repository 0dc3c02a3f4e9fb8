const form =
  /^(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)? ?(Z|UTC|[+-]\d{2}:?(?:\d{2})?)?$/i;

/**
 * Milliseconds since 1970 of a timestamp such as `2026-01-31T09:30:00.250+01:00`, with what a clock of
 * finer steps adds after the point; NaN when it is none. Without an offset it is UTC, on every machine.
 */
export function parseTimestamp(text: string): number {
  const match = form.exec(text);
  if (!match) return Number.NaN;
  const [, year = "", month = "", day = "", hour = "0", minute = "0", second = "0", fraction, zone] = match;
  const isTime = Number(hour) <= 24 && Number(minute) < 60 && Number(second) <= 60;
  const midnight = dayStart(Number(year), Number(month), Number(day));
  if (!isTime || midnight === undefined) return Number.NaN;
  const seconds = Number(hour) * 3_600 + Number(minute) * 60 + Number(second) - offsetSeconds(zone);
  return midnight + seconds * 1_000 + (fraction === undefined ? 0 : Number(`0.${fraction}`) * 1_000);
}

/** Undefined for a day that is not in the calendar. */
function dayStart(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  const start = Date.UTC(2_000, month - 1, day);
  // `Date.UTC` takes years below 100 for years of the last century.
  const at =
    year >= 100 ? Date.UTC(year, month - 1, day) : new Date(start).setUTCFullYear(year, month - 1, day);
  return new Date(at).getUTCDate() === day ? at : undefined;
}

function offsetSeconds(zone: string | undefined): number {
  if (zone === undefined || zone.length === 1 || (zone.length === 3 && zone.toUpperCase() === "UTC"))
    return 0;
  const digits = zone.slice(1).replace(":", "");
  const seconds = Number(digits.slice(0, 2)) * 3_600 + Number(digits.slice(2) || "0") * 60;
  return zone.startsWith("-") ? -seconds : seconds;
}

/** The same moment as text, in UTC: milliseconds, and more digits only where there are more. */
export function formatTimestamp(ms: number): string {
  const whole = Math.floor(ms);
  const text = new Date(whole).toISOString();
  // A float of this size holds about a quarter of a microsecond.
  const micros = Math.round((ms - whole) * 1_000);
  return micros === 0 ? text : text.replace("Z", `${String(Math.min(micros, 999)).padStart(3, "0")}Z`);
}
