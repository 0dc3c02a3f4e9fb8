import type { Clock, Json } from "../base/index.ts";
import type { Scope, Workflow } from "../workflow/index.ts";
import { captureOf } from "./capture.ts";
import { type Counter, type Counters, countersOf, type RateMoments } from "./counters.ts";
import { QueueFull } from "./errors.ts";
import type { RunStarted } from "./events.ts";
import { priorityPointMs, queuePage } from "./limits.ts";
import type { Release } from "./release.ts";
import type { ControlStore, QueuedRun } from "./store.ts";
import type { Switches } from "./switches.ts";

// Admission
// =========
// Who is worked on now, and who waits in the queue.
//
// Invariants
//   A1. At most `running` runs hold a place, and no counter is held above its limit.
//   A2. The queue is in the control tables; memory holds a page of each lane and grows with lanes alone.
//   A3. Within a lane the lowest rank goes first. rank = start - priority x minute: what waits rises by
//       itself, and no rank ever changes.
//   A4. A lane that may not begin does not hold up the others.

export interface RunLimits {
  /** Runs that are worked on at once. */
  readonly running: number;
  /** Runs that wait for their turn; one more is refused. */
  readonly queued: number;
}

/** Runs that share their counters: the workflow's name, or name and counters as JSON. */
type LaneKey = string;

interface Lane {
  readonly key: LaneKey;
  readonly workflow: string;
  readonly counters: readonly Counter[];
  queued: number;
  /** The next ones, in order; what comes after is in the control tables. */
  page: QueuedRun[];
  /** The last one that was read; null: read from the first. */
  cursor: QueuedRun | null;
}

/** A place among those that are worked on. */
export interface Place {
  readonly lane: LaneKey;
  readonly counters: readonly Counter[];
  readonly rates?: RateMoments;
}

export interface AdmissionOptions {
  readonly control: ControlStore;
  readonly clock: Clock;
  readonly switches: Switches;
  readonly counters: Counters;
  readonly limits: RunLimits;
  /** Somebody is at it already, to hear its commands: its turn comes after that. */
  isLoaded(id: string): boolean;
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #lanes = new Map<LaneKey, Lane>();
  /** Taken from the queue, although their rows do not say so yet. */
  readonly #taken = new Set<string>();
  #running = 0;
  #queued = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Takes up the queue as the control tables have it. */
  recover(): void {
    for (const { lane, runs } of this.#options.control.queuedLanes()) this.#laneOf(lane).queued = runs;
    this.#queued = [...this.#lanes.values()].reduce((sum, lane) => sum + lane.queued, 0);
  }

  get queued(): number {
    return this.#queued;
  }

  get hasRoom(): boolean {
    return this.#running < this.#options.limits.running;
  }

  /** A place for a run that need not wait behind others; undefined when there is none now. */
  take(key: LaneKey): Place | undefined {
    const { counters, workflow } = this.#lanes.get(key) ?? parseLane(key);
    if (!this.hasRoom || !this.#isOpen(workflow, counters)) return undefined;
    return this.#hold(key, counters);
  }

  /** A place for a new run: not before those of its lane that came earlier. */
  takeNew(key: LaneKey): Place | undefined {
    return this.#lanes.has(key) ? undefined : this.take(key);
  }

  leave(id: string, { counters }: Place): void {
    this.#taken.delete(id);
    this.#running -= 1;
    this.#options.counters.leave(counters);
  }

  /** Throws `QueueFull` when nobody may join the queue. */
  refuseWhenFull(): void {
    const { queued } = this.#options.limits;
    if (this.#queued >= queued) throw new QueueFull(queued);
  }

  /** A run has joined the queue, and that is on disk. */
  join(key: LaneKey, run: QueuedRun): void {
    const lane = this.#laneOf(key);
    lane.queued += 1;
    this.#queued += 1;
    if (lane.cursor && run.rank < lane.cursor.rank) Object.assign(lane, { page: [], cursor: null });
  }

  /** A run has left the queue without its turn: it was cancelled, or it expired. */
  drop(key: LaneKey, id: string): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    lane.page = lane.page.filter((run) => run.id !== id);
    this.#leftQueue(lane);
  }

  /** The run whose turn it is, with its place. */
  next(): { readonly id: string; readonly place: Place } | undefined {
    if (!this.hasRoom || this.#queued === 0) return undefined;
    let best: { lane: Lane; run: QueuedRun } | undefined;
    for (const lane of this.#lanes.values()) {
      if (!this.#isOpen(lane.workflow, lane.counters)) continue;
      const run = this.#head(lane);
      if (run && (!best || run.rank < best.run.rank)) best = { lane, run };
    }
    if (!best) return undefined;
    const { lane, run } = best;
    lane.page.splice(lane.page.indexOf(run), 1);
    this.#taken.add(run.id);
    this.#leftQueue(lane);
    return { id: run.id, place: this.#hold(lane.key, lane.counters) };
  }

  /** When a rate lets the next queued run in; undefined when no run waits for one. */
  nextAt(): number | undefined {
    let at: number | undefined;
    for (const { counters } of this.#lanes.values())
      for (const counter of counters)
        if (counter.perMs !== undefined) {
          const opensAt = this.#options.counters.opensAt(counter, counter.perMs);
          at = Math.min(at ?? opensAt, opensAt);
        }
    return at;
  }

  /** Lanes that let nobody in now, of those named. */
  closed(keys: Iterable<LaneKey>): readonly LaneKey[] {
    return [...new Set(keys)].filter((key) => {
      const { workflow, counters } = this.#lanes.get(key) ?? parseLane(key);
      return !this.#isOpen(workflow, counters);
    });
  }

  #isOpen(workflow: string, counters: readonly Counter[]): boolean {
    const { switches, counters: all, clock } = this.#options;
    if (switches.ofWorkflow(workflow)) return false;
    return counters.length === 0 || all.refusing(counters, clock.now()) === undefined;
  }

  #hold(lane: LaneKey, counters: readonly Counter[]): Place {
    this.#running += 1;
    if (counters.length === 0) return { lane, counters };
    const rates = this.#options.counters.take(counters, this.#options.clock.now());
    return { lane, counters, ...(rates ? { rates } : {}) };
  }

  #leftQueue(lane: Lane): void {
    lane.queued -= 1;
    this.#queued -= 1;
    if (lane.queued <= 0) this.#lanes.delete(lane.key);
  }

  #head(lane: Lane): QueuedRun | undefined {
    if (lane.page.length === 0) {
      const { key, cursor } = lane;
      const limit = cursor ? queuePage : queuePage + this.#taken.size;
      const runs = this.#options.control.queuedRuns(key, cursor, limit);
      lane.cursor = runs.at(-1) ?? null;
      lane.page = runs.filter(({ id }) => !this.#taken.has(id));
    }
    return lane.page.find(({ id }) => !this.#options.isLoaded(id));
  }

  #laneOf(key: LaneKey): Lane {
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = { key, ...parseLane(key), queued: 0, page: [], cursor: null };
      this.#lanes.set(key, lane);
    }
    return lane;
  }
}

/** What a run asks of the executor beside its work. */
export type Demand = Pick<RunStarted, "lane" | "priority" | "expiresAt" | "capture">;

export function demandOf(
  release: Release,
  run: { readonly scope: Scope; readonly priority?: number; readonly nowMs: number },
): Demand {
  const { definition } = release;
  if (definition.type !== "document") return run.priority === undefined ? {} : { priority: run.priority };
  const { limits, expiresMs } = definition.workflow;
  const lane = laneOf(definition.workflow, run.scope);
  const priority = run.priority ?? priorityOf(limits.priority?.(run.scope));
  return {
    ...captureOf(release),
    ...(lane === release.workflow ? {} : { lane }),
    ...(priority ? { priority } : {}),
    ...(expiresMs === null ? {} : { expiresAt: run.nowMs + expiresMs }),
  };
}

export function priorityOf(value: Json | undefined): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** Lower goes first: a point of priority is worth a minute of waiting. */
export function rankOf(startedAt: number, priority: number): number {
  return Math.round(startedAt - priority * priorityPointMs);
}

function laneOf({ name, limits }: Workflow, scope: Scope): LaneKey {
  const counters = countersOf(limits, scope, `run:${name}`);
  if (counters.length === 0) return name;
  return JSON.stringify([name, ...counters.map(({ name: own, limit, perMs = 0 }) => [own, limit, perMs])]);
}

function parseLane(key: LaneKey): { workflow: string; counters: readonly Counter[] } {
  if (!key.startsWith("[")) return { workflow: key, counters: [] };
  const [workflow, ...counters] = JSON.parse(key) as [string, ...[string, number, number][]];
  return {
    workflow,
    counters: counters.map(([name, limit, perMs]) => ({ name, limit, ...(perMs > 0 ? { perMs } : {}) })),
  };
}
