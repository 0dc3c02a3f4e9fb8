import { increment } from "./dfg.ts";
import type { EventLog } from "./log.ts";

/** What was done again in the same case. */
export interface Rework {
  readonly activity: number;
  /** Cases in which it was done more than once. */
  readonly cases: number;
  /** How often it was done again, over all cases. */
  readonly repeats: number;
}

/** The activities that were done again, those of the most cases first. */
export function reworkOf(log: EventLog): readonly Rework[] {
  const width = log.activities.length;
  const cases = new Uint32Array(width);
  const repeats = new Uint32Array(width);
  const lastSeen = new Int32Array(width).fill(-1);
  const timesSeen = new Uint32Array(width);
  for (let index = 0; index < log.cases.length; index++)
    for (const activity of log.activity.subarray(log.offsets[index], log.offsets[index + 1])) {
      if (lastSeen[activity] !== index) {
        lastSeen[activity] = index;
        timesSeen[activity] = 1;
        continue;
      }
      increment(timesSeen, activity);
      increment(repeats, activity);
      if (timesSeen[activity] === 2) increment(cases, activity);
    }
  return Array.from(cases, (count, activity) => ({ activity, cases: count, repeats: repeats[activity] ?? 0 }))
    .filter((rework) => rework.cases > 0)
    .sort((one, other) => other.cases - one.cases || one.activity - other.activity);
}
