import type { Clock } from "../../src/core/base/index.ts";

interface Timer {
  readonly process: number;
  readonly dueMs: number;
  readonly callback: () => void;
}

/** The time of the simulated machine. It moves only when the scheduler moves it, and may be set like any clock. */
export class SimulatedClock {
  #wallMs = Date.UTC(2026, 0, 1);
  #elapsedMs = 0;
  #timers: Timer[] = [];

  now(): number {
    return this.#wallMs;
  }

  elapsed(): number {
    return this.#elapsedMs;
  }

  /** The clock as one process sees it; its timers go when it goes. */
  of(process: number): Clock {
    return {
      now: () => this.#wallMs,
      monotonic: () => this.#elapsedMs,
      after: (delayMs, callback) => {
        const timer = { process, dueMs: this.#elapsedMs + Math.max(0, delayMs), callback };
        this.#timers.push(timer);
        return () => this.#remove(timer);
      },
    };
  }

  /** Milliseconds until the next timer; undefined when there is none. */
  get nextInMs(): number | undefined {
    if (this.#timers.length === 0) return undefined;
    return Math.max(0, Math.min(...this.#timers.map(({ dueMs }) => dueMs)) - this.#elapsedMs);
  }

  /** Time passes at one stroke, as for a process that was not given the processor; then what is due fires, once. */
  pass(byMs: number): void {
    this.#wallMs += byMs;
    this.#elapsedMs += byMs;
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#elapsedMs);
    for (const timer of due.sort((a, b) => a.dueMs - b.dueMs)) {
      if (!this.#timers.includes(timer)) continue;
      this.#remove(timer);
      timer.callback();
    }
  }

  /** Somebody sets the wall clock; timers do not notice. */
  set(byMs: number): void {
    this.#wallMs += byMs;
  }

  drop(process: number): void {
    this.#timers = this.#timers.filter((timer) => timer.process !== process);
  }

  #remove(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }
}
