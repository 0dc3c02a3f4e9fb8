/** Periods of the calendar, in UTC; `total` has no end. Weeks are those of ISO 8601: they begin on Monday. */
export const periods = ["day", "week", "month", "total"] as const;
export type PeriodKind = (typeof periods)[number];

export interface Period {
  /** Such as `2026-11-25`, `2026-W48` or `2026-11`. */
  readonly name: string;
  /** Wall-clock milliseconds; null when it has no end. */
  readonly endsAt: number | null;
}

export const dayMs = 86_400_000;

/** The period that a moment is in. */
export function periodOf(kind: PeriodKind, atMs: number): Period {
  const at = new Date(atMs);
  switch (kind) {
    case "day":
      return { name: dayOf(atMs), endsAt: startOfDay(at) + dayMs };
    case "week":
      return weekOf(at);
    case "month":
      return {
        name: dayOf(atMs).slice(0, 7),
        endsAt: Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1),
      };
    case "total":
      return { name: "total", endsAt: null };
  }
}

/** The day of a moment (UTC): `2026-11-25`. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

const forms: readonly (readonly [PeriodKind, RegExp])[] = [
  ["day", /^\d{4}-\d{2}-\d{2}$/],
  ["week", /^\d{4}-W\d{2}$/],
  ["month", /^\d{4}-\d{2}$/],
];

/** Whether the period of this name was over at a moment. */
export function hasEnded(name: string, atMs: number): boolean {
  const kind = forms.find(([, form]) => form.test(name))?.[0];
  return kind !== undefined && name < periodOf(kind, atMs).name;
}

function startOfDay(at: Date): number {
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate());
}

/** A week belongs to the year that its Thursday is in. */
function weekOf(at: Date): Period {
  const sinceMonday = (at.getUTCDay() + 6) % 7;
  const monday = startOfDay(at) - sinceMonday * dayMs;
  const thursday = new Date(monday + 3 * dayMs);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / dayMs / 7) + 1;
  return { name: `${year}-W${String(week).padStart(2, "0")}`, endsAt: monday + 7 * dayMs };
}
