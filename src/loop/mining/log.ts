import { LogTooLarge } from "./errors.ts";
import { activitiesMax, eventsMax, resourcesMax } from "./limits.ts";

/** Something measured of each event, in the unit that its name says; NaN where it is not known. */
export const measures = ["startedAt", "queueMs", "humanMs", "externalMs", "cost"] as const;
export type Measure = (typeof measures)[number];

/**
 * An event log in columns: event `i` is entry `i` of each of them. The events of a case stand together, in
 * their order: those of case `c` from `offsets[c]` up to `offsets[c + 1]`.
 */
export interface EventLog {
  readonly cases: readonly string[];
  readonly offsets: Uint32Array;
  readonly activities: readonly string[];
  /** Index into `activities`. */
  readonly activity: Uint16Array;
  /** Milliseconds since 1970, when the event was done; NaN when the log does not say. */
  readonly at: Float64Array;
  readonly resources: readonly string[];
  /** Index into `resources`, whose first one is nobody. */
  readonly resource: Uint32Array;
  readonly transitions: readonly string[];
  /** Index into `transitions`, whose first one is none. */
  readonly transition: Uint16Array;
  /** A column for each measure that some event has. */
  readonly measured: Readonly<Partial<Record<Measure, Float64Array>>>;
}

export interface NewLogEvent extends Readonly<Partial<Record<Measure, number>>> {
  readonly activity: string;
  readonly at: number;
  readonly resource?: string;
  /** Of its lifecycle, as XES names it: `start`, `complete` … */
  readonly transition?: string;
}

/** Takes events in any order of cases, and puts them in columns. */
export class LogBuilder {
  readonly #cases: string[] = [];
  readonly #caseOf = new Map<string, number>();
  readonly #activities = new Names(activitiesMax, "activities");
  readonly #resources = new Names(resourcesMax, "resources", [""]);
  readonly #transitions = new Names(activitiesMax, "lifecycle transitions", [""]);
  readonly #case = new Column(Uint32Array);
  readonly #activity = new Column(Uint16Array);
  readonly #at = new Column(Float64Array);
  readonly #resource = new Column(Uint32Array);
  readonly #transition = new Column(Uint16Array);
  readonly #measured: Partial<Record<Measure, Column<Float64Array>>> = {};
  #events = 0;

  get events(): number {
    return this.#events;
  }

  /** A case of its own, even if another one has the same name: a trace of XES is a case. */
  newCase(name: string): number {
    return this.#cases.push(detached(name)) - 1;
  }

  /** The case of a name: a value of a column of CSV. */
  caseNamed(name: string): number {
    const known = this.#caseOf.get(name);
    if (known !== undefined) return known;
    const index = this.newCase(name);
    this.#caseOf.set(this.#cases[index] ?? name, index);
    return index;
  }

  add(caseIndex: number, event: NewLogEvent): void {
    if (this.#events >= eventsMax) throw new LogTooLarge("events", eventsMax);
    const index = this.#events++;
    this.#case.set(index, caseIndex);
    this.#activity.set(index, this.#activities.indexOf(event.activity));
    this.#at.set(index, event.at);
    this.#resource.set(index, event.resource === undefined ? 0 : this.#resources.indexOf(event.resource));
    this.#transition.set(
      index,
      event.transition === undefined ? 0 : this.#transitions.indexOf(event.transition),
    );
    for (const measure of measures) {
      const value = event[measure];
      if (value === undefined || Number.isNaN(value)) continue;
      this.#measured[measure] ??= new Column(Float64Array, Number.NaN);
      this.#measured[measure].set(index, value);
    }
  }

  /** The log, ordered: by case as they came, and within a case by time; of the same time, as they came. */
  build(): EventLog {
    const events = this.#events;
    const at = this.#at.cut(events);
    const { offsets, order } = byCase(this.#case.cut(events), this.#cases.length);
    for (let index = 0; index < this.#cases.length; index++)
      orderByTime(order.subarray(offsets[index], offsets[index + 1]), at);
    const isInOrder = order.every((from, to) => from === to);
    const arranged = <T extends Numbers>(column: T): T => (isInOrder ? column : rearranged(column, order));
    const measured = Object.entries(this.#measured).map(([measure, column]) => [
      measure,
      arranged(column.cut(events)),
    ]);
    return withStarts({
      cases: this.#cases,
      offsets,
      activities: this.#activities.all,
      activity: arranged(this.#activity.cut(events)),
      at: arranged(at),
      resources: this.#resources.all,
      resource: arranged(this.#resource.cut(events)),
      transitions: this.#transitions.all,
      transition: arranged(this.#transition.cut(events)),
      measured: Object.fromEntries(measured),
    });
  }
}

/** Counting sort: where the events of each case begin, and the events in order of their cases. */
function byCase(caseOf: Uint32Array, cases: number): { offsets: Uint32Array; order: Uint32Array } {
  const offsets = new Uint32Array(cases + 1);
  for (const index of caseOf) offsets[index + 1] = (offsets[index + 1] ?? 0) + 1;
  for (let index = 0; index < cases; index++)
    offsets[index + 1] = (offsets[index + 1] ?? 0) + (offsets[index] ?? 0);
  const next = offsets.slice();
  const order = new Uint32Array(caseOf.length);
  for (const [event, index] of caseOf.entries()) {
    const place = next[index] ?? 0;
    order[place] = event;
    next[index] = place + 1;
  }
  return { offsets, order };
}

/** Stable. An event without a time stays behind the one before it, and so has that one's time here. */
function orderByTime(order: Uint32Array, at: Float64Array): void {
  let isOrdered = true;
  let latest = Number.NEGATIVE_INFINITY;
  const times = Float64Array.from(order, (event) => {
    const time = at[event] ?? Number.NaN;
    isOrdered &&= Number.isNaN(time) || time >= latest;
    if (!Number.isNaN(time)) latest = time;
    return latest;
  });
  if (isOrdered) return;
  const places = Array.from(order, (_, place) => place);
  places.sort((one, other) => (times[one] ?? 0) - (times[other] ?? 0) || one - other);
  order.set(places.map((place) => order[place] ?? 0));
}

/**
 * Where `start` and `complete` are events of their own: when the work began that an event completes. The
 * first start of an activity belongs to its first completion.
 */
function withStarts(log: EventLog): EventLog {
  const [starts, completes] = ["start", "complete"].map((name) =>
    log.transitions.map((each) => each.toLowerCase() === name),
  );
  if (!starts?.includes(true) || !completes?.includes(true)) return log;
  const startedAt = log.measured.startedAt ?? new Float64Array(log.at.length).fill(Number.NaN);
  for (let index = 0; index < log.cases.length; index++) {
    const begun = new Map<number, Begun>();
    for (let event = log.offsets[index] ?? 0; event < (log.offsets[index + 1] ?? 0); event++) {
      const activity = log.activity[event] ?? 0;
      const transition = log.transition[event] ?? 0;
      if (starts[transition]) {
        const open = begun.get(activity) ?? { times: [], completed: 0 };
        begun.set(activity, open);
        open.times.push(log.at[event] ?? Number.NaN);
        startedAt[event] = log.at[event] ?? Number.NaN;
      } else if (completes[transition] && Number.isNaN(startedAt[event])) {
        const open = begun.get(activity);
        if (open) startedAt[event] = open.times[open.completed++] ?? Number.NaN;
      }
    }
  }
  return { ...log, measured: { ...log.measured, startedAt } };
}

/** When an activity was started in a case, and how many of these are completed. */
interface Begun {
  readonly times: number[];
  completed: number;
}

type Numbers = Uint16Array | Uint32Array | Float64Array;

function rearranged<T extends Numbers>(column: T, order: Uint32Array): T {
  const arranged = column.slice() as T;
  for (const [to, from] of order.entries()) arranged[to] = column[from] ?? 0;
  return arranged;
}

/** Numbers that become more: the room doubles. */
class Column<T extends Numbers> {
  readonly #make: new (
    length: number,
  ) => T;
  readonly #fill: number;
  #values: T;

  constructor(make: new (length: number) => T, fill = 0) {
    this.#make = make;
    this.#fill = fill;
    this.#values = new make(0);
  }

  set(index: number, value: number): void {
    if (index >= this.#values.length) this.#grow(Math.max(1_024, index * 2));
    this.#values[index] = value;
  }

  cut(length: number): T {
    if (this.#values.length < length) this.#grow(length);
    return this.#values.slice(0, length) as T;
  }

  #grow(length: number): void {
    const values = new this.#make(length);
    values.set(this.#values);
    if (this.#fill !== 0) values.fill(this.#fill, this.#values.length);
    this.#values = values;
  }
}

/** Each name once, by the number of its first appearance. */
class Names {
  readonly all: string[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #max: number;
  readonly #what: string;

  constructor(max: number, what: string, first: readonly string[] = []) {
    this.#max = max;
    this.#what = what;
    for (const name of first) this.indexOf(name);
  }

  indexOf(name: string): number {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    if (this.all.length >= this.#max) throw new LogTooLarge(this.#what, this.#max);
    const own = detached(name);
    this.#indexes.set(own, this.all.length);
    return this.all.push(own) - 1;
  }
}

/** A text of its own: a part of a text keeps all of the file's piece in memory that it was cut from. */
function detached(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
