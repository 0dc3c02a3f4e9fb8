import { performance } from "node:perf_hooks";

/** Time as an argument: a retry "in six hours" is tested in a millisecond. */
export interface Clock {
  /** Wall-clock milliseconds since 1970. May jump; order never depends on it. */
  now(): number;
  /** Milliseconds on a clock that never jumps; for durations only. */
  monotonic(): number;
  /** Calls back once, not before `delayMs`; the returned function takes it back. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Node's timers overflow above 24.8 days and then fire at once; longer waits are made of several. */
const timerMaxMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    let timer: NodeJS.Timeout;
    const arm = (remainingMs: number) => {
      const partMs = Math.min(remainingMs, timerMaxMs);
      timer = setTimeout(() => (remainingMs > partMs ? arm(remainingMs - partMs) : callback()), partMs);
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** Gives the event loop a turn: timers, answers and other runs come before what is awaited after it. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves after so long. */
export function waited(clock: Pick<Clock, "after">, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

/** A clock that moves only when told. `advance` fires what falls due, in order of due time. */
export class ManualClock implements Clock {
  #nowMs: number;
  #elapsedMs = 0;
  #timers: { dueMs: number; callback: () => void }[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }
  now(): number {
    return this.#nowMs;
  }
  monotonic(): number {
    return this.#elapsedMs;
  }
  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#elapsedMs + Math.max(0, delayMs), callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  advance(byMs: number): void {
    const endMs = this.#elapsedMs + byMs;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#moveTo(next.dueMs);
      next.callback();
    }
    this.#moveTo(endMs);
  }
  #moveTo(elapsedMs: number): void {
    this.#nowMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
  }
}

/** Work that may be long, in slices: it says how much it has done, and others have a turn between. */
export class Pace {
  readonly #slice: number;
  #done = 0;

  constructor(slice: number) {
    this.#slice = slice;
  }

  /** A turn of the event loop once a slice is full; undefined before that. */
  after(amount: number): Promise<void> | undefined {
    this.#done += amount;
    if (this.#done < this.#slice) return undefined;
    this.#done = 0;
    return nextTurn();
  }
}
