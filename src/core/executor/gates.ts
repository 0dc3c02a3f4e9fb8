import type { Clock } from "../base/index.ts";
import type { Counter, Counters, RateMoments } from "./counters.ts";

/** A step's way through its limits: a place in all of its counters, or in the line for them. */
export class Ticket {
  readonly counters: readonly Counter[];
  readonly rank: number;
  readonly #gates: Gates;
  readonly #onGranted: () => void;
  granted = false;
  rates: RateMoments | undefined;

  constructor(gates: Gates, counters: readonly Counter[], rank: number, onGranted: () => void) {
    this.#gates = gates;
    this.counters = counters;
    this.rank = rank;
    this.#onGranted = onGranted;
  }

  grant(): void {
    this.granted = true;
    this.#onGranted();
  }

  /** Gives the place back, or leaves the line. */
  release(): void {
    this.#gates.release(this);
  }
}

export interface GatesOptions {
  readonly counters: Counters;
  readonly clock: Clock;
  /** A place has become free for which nobody in memory waits. */
  readonly onFree: (counter: string) => void;
}

/**
 * The limits of steps, over all runs: whoever comes first in rank goes first, and nobody who comes later
 * passes by those who wait for the same place.
 */
export class Gates {
  readonly #options: GatesOptions;
  /** In order of rank. */
  #line: Ticket[] = [];
  #stopTimer: (() => void) | undefined;

  constructor(options: GatesOptions) {
    this.#options = options;
  }

  /** `onGranted` may be called before this returns. */
  ask(counters: readonly Counter[], rank: number, onGranted: () => void): Ticket {
    const ticket = new Ticket(this, counters, rank, onGranted);
    const place = this.#line.findIndex((other) => other.rank > rank);
    this.#line.splice(place < 0 ? this.#line.length : place, 0, ticket);
    this.#admit();
    return ticket;
  }

  /** The counter that a ticket waits for. */
  blocking({ counters }: Ticket): Counter | undefined {
    return this.#options.counters.refusing(counters, this.#options.clock.now()) ?? counters[0];
  }

  release(ticket: Ticket): void {
    if (!ticket.granted) {
      this.#line = this.#line.filter((other) => other !== ticket);
      return;
    }
    ticket.granted = false;
    this.#options.counters.leave(ticket.counters);
    this.#admit();
    for (const counter of ticket.counters)
      if (!this.#line.some(({ counters }) => counters.some(({ name }) => name === counter.name)))
        this.#options.onFree(counter.name);
  }

  /** Lets in whoever may: a place that somebody before in the line waits for is not given to those behind. */
  #admit(): void {
    const { counters, clock } = this.#options;
    const nowMs = clock.now();
    const waitedFor = new Set<string>();
    const waiting: Ticket[] = [];
    const granted: Ticket[] = [];
    for (const ticket of this.#line) {
      const isFree =
        !ticket.counters.some(({ name }) => waitedFor.has(name)) &&
        counters.refusing(ticket.counters, nowMs) === undefined;
      if (isFree) {
        ticket.rates = counters.take(ticket.counters, nowMs);
        granted.push(ticket);
      } else {
        waiting.push(ticket);
        for (const { name } of ticket.counters) waitedFor.add(name);
      }
    }
    this.#line = waiting;
    this.#arm();
    for (const ticket of granted) ticket.grant();
  }

  /** Only a rate lets somebody in by the passing of time. */
  #arm(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const { counters, clock } = this.#options;
    const opensAt = this.#line.flatMap((ticket) =>
      ticket.counters.flatMap((counter) =>
        counter.perMs === undefined ? [] : [counters.opensAt(counter, counter.perMs)],
      ),
    );
    if (opensAt.length === 0) return;
    const at = opensAt.reduce((least, each) => Math.min(least, each));
    this.#stopTimer = clock.after(Math.max(1, at - clock.now()), () => this.#admit());
  }
}
