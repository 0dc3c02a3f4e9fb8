import type { EventLog } from "./log.ts";

/** Cases that went the same way. */
export interface Variant {
  /** Indexes into the log's activities. */
  readonly path: readonly number[];
  readonly cases: number;
}

/** Every way that a case has gone, the most frequent first; of the same frequency, the earliest in the log. */
export function variantsOf(log: EventLog): readonly Variant[] {
  const found = new Map<string, { first: number; cases: number }>();
  for (let index = 0; index < log.cases.length; index++) {
    const path = pathOf(log, index);
    // Two bytes an activity: the columns of a case as they are, as a key.
    const key = Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString("latin1");
    const variant = found.get(key);
    if (variant) variant.cases += 1;
    else found.set(key, { first: index, cases: 1 });
  }
  return [...found.values()]
    .sort((one, other) => other.cases - one.cases || one.first - other.first)
    .map(({ first, cases }) => ({ path: [...pathOf(log, first)], cases }));
}

function pathOf(log: EventLog, index: number): Uint16Array {
  return log.activity.subarray(log.offsets[index], log.offsets[index + 1]);
}
