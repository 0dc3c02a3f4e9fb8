import type { Dfg } from "./dfg.ts";
import type { EventLog } from "./log.ts";

/** Of some durations, those that are known. */
export interface Spread {
  readonly meanMs: number;
  readonly totalMs: number;
}

export interface Duration extends Spread {
  readonly medianMs: number;
}

/** The parts of the time that leads to an event's end; null where no event of them says. */
export interface Times {
  /** Somebody or something was at work. */
  readonly service: Spread | null;
  /** The work could have begun, and had to wait: between two events, for a limit, for another try. */
  readonly queue: Spread | null;
  /** A person was asked, and had not answered. */
  readonly human: Spread | null;
  /** Something outside was waited for: a moment, a signal, another run. */
  readonly external: Spread | null;
  /** In all, in the unit of the log. */
  readonly cost: number | null;
}

export interface EdgeTimes extends Times {
  /** From the end of one event to the end of the next. */
  readonly elapsed: Duration | null;
}

export interface Performance {
  /** By edge and by activity, as they are numbered in the graph and in the log. */
  readonly edges: readonly EdgeTimes[];
  readonly activities: readonly Times[];
  /** From the begin of a case to its end. */
  readonly cases: Duration | null;
  /** Milliseconds since 1970; null when no event has a time. */
  readonly firstAt: number | null;
  readonly lastAt: number | null;
}

/** How long everything took. The times of an edge are those of the event that it leads to. */
export function performanceOf(log: EventLog, dfg: Dfg): Performance {
  const edges = new TimesByGroup(dfg.count.length);
  const activities = new TimesByGroup(log.activities.length);
  const elapsed = new Durations(Uint32Array.from(dfg.count));
  const cases = new Durations(Uint32Array.of(log.cases.length));
  let [firstAt, lastAt] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let index = 0; index < log.cases.length; index++) {
    const [first = 0, end = 0] = log.offsets.subarray(index, index + 2);
    for (let event = first; event < end; event++) {
      const times = eventTimes(log, event, event === first);
      activities.add(log.activity[event] ?? 0, times);
      if (event === first) continue;
      const edge = dfg.edgeOf[event] ?? 0;
      edges.add(edge, times);
      elapsed.add(edge, times.elapsed);
    }
    if (first === end) continue;
    cases.add(0, durationOfCase(log, index));
    const beganAt = begin(log, first);
    const endedAt = log.at[end - 1] ?? Number.NaN;
    if (beganAt < firstAt) firstAt = beganAt;
    if (endedAt > lastAt) lastAt = endedAt;
  }
  const caseDuration = cases.of(0);
  return {
    edges: dfg.count.map((_, edge) => ({ elapsed: elapsed.of(edge), ...edges.of(edge) })),
    activities: log.activities.map((_, activity) => activities.of(activity)),
    cases: caseDuration,
    firstAt: caseDuration && firstAt,
    lastAt: caseDuration && lastAt,
  };
}

/** From the begin of a case to its end; NaN where that is not known. */
export function durationOfCase(log: EventLog, index: number): number {
  const [first = 0, end = 0] = log.offsets.subarray(index, index + 2);
  if (first === end) return Number.NaN;
  return (log.at[end - 1] ?? Number.NaN) - begin(log, first);
}

/** NaN where no event of it says. */
export function costOfCase({ measured, offsets }: EventLog, index: number): number {
  let sum = Number.NaN;
  for (const cost of measured.cost?.subarray(offsets[index], offsets[index + 1]) ?? [])
    if (!Number.isNaN(cost)) sum = (sum || 0) + cost;
  return sum;
}

interface EventTimes {
  readonly elapsed: number;
  readonly service: number;
  readonly queue: number;
  readonly human: number;
  readonly external: number;
  readonly cost: number;
}

function begin({ at, measured }: EventLog, event: number): number {
  const startedAt = measured.startedAt?.[event] ?? Number.NaN;
  return Number.isNaN(startedAt) ? (at[event] ?? Number.NaN) : startedAt;
}

/** What is not known is NaN. Events at the same time overlap: then nobody waited between them. */
function eventTimes(log: EventLog, event: number, isFirst: boolean): EventTimes {
  const { at, measured } = log;
  const endedAt = at[event] ?? Number.NaN;
  const startedAt = measured.startedAt?.[event] ?? Number.NaN;
  const before = isFirst ? Number.NaN : (at[event - 1] ?? Number.NaN);
  const human = measured.humanMs?.[event] ?? Number.NaN;
  const external = measured.externalMs?.[event] ?? Number.NaN;
  const queued = measured.queueMs?.[event] ?? Number.NaN;
  const gap = isFirst ? 0 : Math.max(0, startedAt - before);
  const waited = (queued || 0) + (human || 0) + (external || 0);
  return {
    elapsed: endedAt - before,
    service: Math.max(0, endedAt - startedAt - waited),
    queue: Number.isNaN(gap) ? queued : gap + (queued || 0),
    human,
    external,
    cost: measured.cost?.[event] ?? Number.NaN,
  };
}

class TimesByGroup {
  readonly #service: Sums;
  readonly #queue: Sums;
  readonly #human: Sums;
  readonly #external: Sums;
  readonly #cost: Sums;

  constructor(groups: number) {
    this.#service = new Sums(groups);
    this.#queue = new Sums(groups);
    this.#human = new Sums(groups);
    this.#external = new Sums(groups);
    this.#cost = new Sums(groups);
  }

  add(group: number, { service, queue, human, external, cost }: EventTimes): void {
    this.#service.add(group, service);
    this.#queue.add(group, queue);
    this.#human.add(group, human);
    this.#external.add(group, external);
    this.#cost.add(group, cost);
  }

  of(group: number): Times {
    return {
      service: this.#service.spread(group),
      queue: this.#queue.spread(group),
      human: this.#human.spread(group),
      external: this.#external.spread(group),
      cost: this.#cost.spread(group)?.totalMs ?? null,
    };
  }
}

export class Sums {
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;

  constructor(groups: number) {
    this.#sums = new Float64Array(groups);
    this.#counts = new Uint32Array(groups);
  }

  add(group: number, value: number): void {
    if (Number.isNaN(value)) return;
    this.#sums[group] = (this.#sums[group] ?? 0) + value;
    this.#counts[group] = (this.#counts[group] ?? 0) + 1;
  }

  spread(group: number): Spread | null {
    const count = this.#counts[group] ?? 0;
    const totalMs = this.#sums[group] ?? 0;
    return count === 0 ? null : { meanMs: totalMs / count, totalMs };
  }
}

/** All durations of each group, in one column: a median needs them. */
export class Durations {
  readonly #values: Float64Array;
  readonly #starts: Uint32Array;
  readonly #counts: Uint32Array;

  /** How many durations each group has at most. */
  constructor(sizes: Uint32Array) {
    this.#starts = new Uint32Array(sizes.length);
    this.#counts = new Uint32Array(sizes.length);
    let next = 0;
    for (const [group, size] of sizes.entries()) {
      this.#starts[group] = next;
      next += size;
    }
    this.#values = new Float64Array(next);
  }

  add(group: number, value: number): void {
    if (Number.isNaN(value)) return;
    const count = this.#counts[group] ?? 0;
    this.#values[(this.#starts[group] ?? 0) + count] = value;
    this.#counts[group] = count + 1;
  }

  of(group: number): Duration | null {
    const start = this.#starts[group] ?? 0;
    const count = this.#counts[group] ?? 0;
    if (count === 0) return null;
    const values = this.#values.subarray(start, start + count).sort();
    const totalMs = values.reduce((sum, value) => sum + value, 0);
    const middle = count >> 1;
    const upper = values[middle] ?? 0;
    const medianMs = count % 2 === 1 ? upper : ((values[middle - 1] ?? 0) + upper) / 2;
    return { meanMs: totalMs / count, totalMs, medianMs };
  }
}
