import { canonicalJson, sha256 } from "../base/index.ts";
import type { CompiledLimit, Limits, Scope } from "../workflow/index.ts";

/** A limit as it holds for one run or step: so many at once, or so many within a time. */
export interface Counter {
  readonly name: string;
  readonly limit: number;
  readonly perMs?: number;
}

/** Moments of rates that are kept in memory before those that are past are looked for. */
const momentsMin = 1_000;

/** What of a limit must outlive the process: the moments of rates, by name. */
export type RateMoments = Readonly<Record<string, number>>;

/**
 * The counters of a set of limits. A key's value stands in the name as a digest: names are kept for
 * longer than bodies, and a tenant or customer must not be read off them.
 */
export function countersOf(limits: Limits, scope: Scope, prefix: string): readonly Counter[] {
  const name = (word: string, { key }: CompiledLimit, place: number) => {
    const value = key ? `=${sha256(canonicalJson(key(scope))).slice(0, 16)}` : "";
    return `${prefix}:${word}${place}${value}`;
  };
  return [
    ...limits.concurrency.map((each, place) => ({ name: name("at_once", each, place), limit: each.limit })),
    ...limits.rate.map((each, place) => ({
      name: name("rate", each, place),
      limit: each.limit,
      perMs: each.perMs,
    })),
  ];
}

/**
 * Who holds a place, and when a rate lets the next one in. Rates follow the generic cell rate algorithm
 * (ITU-T I.371, annex A): one moment a name says all, and a burst of the whole limit is let through.
 */
export class Counters {
  readonly #held = new Map<string, number>();
  readonly #moments: Map<string, number>;
  #momentsMax = momentsMin;

  constructor(moments: Iterable<readonly [string, number]> = []) {
    this.#moments = new Map(moments);
  }

  /** The first counter that lets nobody in now. */
  refusing(counters: readonly Counter[], nowMs: number): Counter | undefined {
    return counters.find((counter) =>
      counter.perMs === undefined
        ? (this.#held.get(counter.name) ?? 0) >= counter.limit
        : this.opensAt(counter, counter.perMs) > nowMs,
    );
  }

  /** Takes a place in each; the moments that changed. */
  take(counters: readonly Counter[], nowMs: number): RateMoments | undefined {
    let moments: Record<string, number> | undefined;
    for (const { name, limit, perMs } of counters)
      if (perMs === undefined) this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
      else {
        const moment = Math.max(this.#moments.get(name) ?? 0, nowMs) + perMs / limit;
        this.#moments.set(name, moment);
        if (this.#moments.size > this.#momentsMax) this.#forgetPast(nowMs);
        moments = { ...moments, [name]: moment };
      }
    return moments;
  }

  /** A moment that is past says what none says. */
  #forgetPast(nowMs: number): void {
    for (const [name, moment] of this.#moments) if (moment <= nowMs) this.#moments.delete(name);
    this.#momentsMax = Math.max(momentsMin, 2 * this.#moments.size);
  }

  leave(counters: readonly Counter[]): void {
    for (const { name, perMs } of counters) {
      if (perMs !== undefined) continue;
      const left = (this.#held.get(name) ?? 0) - 1;
      if (left > 0) this.#held.set(name, left);
      else this.#held.delete(name);
    }
  }

  /** When a rate lets the next one in: wall-clock milliseconds, perhaps past. */
  opensAt({ name, limit }: Counter, perMs: number): number {
    return (this.#moments.get(name) ?? 0) + perMs / limit - perMs;
  }
}
