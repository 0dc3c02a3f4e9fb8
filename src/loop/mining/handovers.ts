import type { EventLog } from "./log.ts";

/** Work that went from one to another. */
export interface Handover {
  /** Indexes into the log's resources. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * Hand-overs between resources: in a case, an event of one directly follows an event of another
 * (van der Aalst, Reijers and Song, Discovering Social Networks from Event Logs, 2005). The most frequent first.
 */
export function handoversOf(log: EventLog): readonly Handover[] {
  const { resource, offsets } = log;
  const width = log.resources.length;
  const counts = new Map<number, number>();
  for (let index = 0; index < log.cases.length; index++) {
    const end = offsets[index + 1] ?? 0;
    for (let event = (offsets[index] ?? 0) + 1; event < end; event++) {
      const [from = 0, to = 0] = [resource[event - 1], resource[event]];
      if (from === to || from === 0 || to === 0) continue;
      const key = from * width + to;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts]
    .map(([key, count]) => ({ from: Math.floor(key / width), to: key % width, count }))
    .sort((one, other) => other.count - one.count || one.from - other.from || one.to - other.to);
}
