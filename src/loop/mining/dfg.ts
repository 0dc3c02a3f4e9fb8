import type { EventLog } from "./log.ts";

/** What directly follows what, in columns: edge `e` is entry `e` of each of them. */
export interface Dfg {
  /** Indexes into the log's activities. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly count: readonly number[];
  /** Of each event, the edge that leads to it; -1 for the first of a case. */
  readonly edgeOf: Int32Array;
  /** How many cases begin and end with each activity. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** The directly-follows graph: every event counts, whatever its lifecycle (van der Aalst, Process Mining, 2016). */
export function dfgOf(log: EventLog): Dfg {
  const { activity, offsets } = log;
  const width = log.activities.length;
  const edges = new Map<number, number>();
  const from: number[] = [];
  const to: number[] = [];
  const count: number[] = [];
  const edgeOf = new Int32Array(activity.length).fill(-1);
  const starts = new Uint32Array(width);
  const ends = new Uint32Array(width);
  for (let index = 0; index < log.cases.length; index++) {
    const [first = 0, end = 0] = offsets.subarray(index, index + 2);
    if (first === end) continue;
    increment(starts, activity[first] ?? 0);
    increment(ends, activity[end - 1] ?? 0);
    for (let event = first + 1; event < end; event++) {
      const source = activity[event - 1] ?? 0;
      const target = activity[event] ?? 0;
      const key = source * width + target;
      let edge = edges.get(key);
      if (edge === undefined) {
        edge = count.push(0) - 1;
        edges.set(key, edge);
        from.push(source);
        to.push(target);
      }
      count[edge] = (count[edge] ?? 0) + 1;
      edgeOf[event] = edge;
    }
  }
  return { from, to, count, edgeOf, starts, ends };
}

export function increment(counts: Uint32Array, index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}
