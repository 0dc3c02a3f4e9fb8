/** Days as the API has them, in UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The last seven days, today among them. */
export function lastWeek(nowMs: number): { from: string; to: string } {
  return { from: dayOf(nowMs - 6 * 86_400_000), to: dayOf(nowMs) };
}
