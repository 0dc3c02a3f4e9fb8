import type { JsonObject } from "../base/index.ts";
import { endStatus, type Waiting } from "../executor/index.ts";

/** What time went into: work, a place to work, a person, or something else that was waited for. */
export type Part = "service" | "queue" | "person" | "wait";

/** An event as far as times follow from it. */
export interface TimedEvent {
  readonly type: string;
  readonly at: number;
  readonly data: JsonObject | null;
}

export interface Measure {
  /** The kind of the step; null for the run as a whole. */
  readonly kind: string | null;
  readonly part: Part | "total";
  readonly ms: number;
}

interface StepWait {
  readonly part: Part;
  readonly sinceMs: number;
}

/**
 * The times of one run, told event by event: a run is at every moment at work or waits for one thing, so its
 * parts add up to its total. A step counts as work until it begins to wait, and from then on as that wait.
 */
export class RunTimes {
  readonly workflow: string;
  /** Nobody waits for a shadow, so nothing is told of it. */
  readonly isShadow: boolean;
  readonly #startedAt: number;
  readonly #sums: Record<Part, number> = { service: 0, queue: 0, person: 0, wait: 0 };
  /** Of steps that wait: most runs have none. */
  #waits: Map<string, StepWait> | undefined;
  #part: Part;
  #sinceMs: number;

  /** Begins with `run.started`. */
  constructor({ at, data }: TimedEvent) {
    this.workflow = String(data?.workflow ?? "");
    this.isShadow = data?.shadowOf !== undefined;
    this.#startedAt = typeof data?.beganAt === "number" ? data.beganAt : at;
    this.#part = data?.queued === true ? "queue" : "service";
    this.#sinceMs = this.#startedAt;
  }

  hear({ type, at, data }: TimedEvent, tell: (measure: Measure) => void): void {
    switch (type) {
      case "step.completed":
      case "step.failed":
        return this.#stepEnds(at, data, tell);
      case "step.waited": {
        const [path, wait] = [String(data?.path), data?.wait as { readonly for?: string } | undefined];
        // It may wait again, as a review does whose deadline has passed.
        this.#waits ??= new Map();
        if (!this.#waits.has(path)) this.#waits.set(path, { part: waitPart(wait?.for), sinceMs: at });
        return;
      }
      case "run.suspended": {
        const waiting = data?.waiting as unknown as Waiting | undefined;
        return this.#turnTo(waitPart(waiting?.for), at);
      }
      case "run.paused":
        return this.#turnTo("person", at);
      case "run.admitted":
      case "run.woken":
      case "run.resumed":
        return this.#turnTo("service", at);
      default:
        if (endStatus(type)) this.#ends(at, tell);
    }
  }

  #turnTo(part: Part, at: number): void {
    this.#sums[this.#part] += Math.max(0, at - this.#sinceMs);
    this.#part = part;
    this.#sinceMs = at;
  }

  #stepEnds(at: number, data: JsonObject | null, tell: (measure: Measure) => void): void {
    if (!data || data.copied === true) return;
    const [path, kind, startedAt] = [String(data.path), String(data.kind), Number(data.startedAt)];
    const wait = this.#waits?.get(path);
    if (wait) this.#waits?.delete(path);
    tell({ kind, part: "service", ms: Math.max(0, (wait?.sinceMs ?? at) - startedAt) });
    if (wait) tell({ kind, part: wait.part, ms: Math.max(0, at - wait.sinceMs) });
  }

  #ends(at: number, tell: (measure: Measure) => void): void {
    this.#turnTo("service", at);
    tell({ kind: null, part: "total", ms: Math.max(0, at - this.#startedAt) });
    for (const part of ["service", "queue", "person", "wait"] as const)
      if (part === "service" || this.#sums[part] > 0) tell({ kind: null, part, ms: this.#sums[part] });
  }
}

function waitPart(what: string | undefined): Part {
  if (what === "review") return "person";
  return what === "limit" || what === "switch" ? "queue" : "wait";
}
