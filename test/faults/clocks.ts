import { type Clock, systemClock } from "../../src/core/base/index.ts";

/** The system's clock, whose wall can be set; durations go on as they do, as on a machine whose time is corrected. */
export class SettableClock implements Clock {
  #aheadMs = 0;

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }
  monotonic(): number {
    return systemClock.monotonic();
  }
  after(delayMs: number, callback: () => void): () => void {
    return systemClock.after(delayMs, callback);
  }
  /** Sets the wall forward, or back. */
  set(byMs: number): void {
    this.#aheadMs += byMs;
  }
}

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
  stop(): void;
}

/** The system's clock, all of which can leap: what falls due within the leap is called at its end, as after a sleep of the machine. */
export class LeapingClock implements Clock {
  #aheadMs = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }
  monotonic(): number {
    return systemClock.monotonic() + this.#aheadMs;
  }
  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { dueMs: this.monotonic() + Math.max(0, delayMs), callback, stop() {} };
    this.#arm(timer);
    return () => {
      timer.stop();
      this.#timers.delete(timer);
    };
  }
  leap(byMs: number): void {
    this.#aheadMs += byMs;
    const nowMs = this.monotonic();
    const timers = [...this.#timers].sort((one, other) => one.dueMs - other.dueMs);
    for (const timer of timers) {
      // One that was called before it may have stopped it.
      if (!this.#timers.has(timer)) continue;
      timer.stop();
      if (timer.dueMs <= nowMs) this.#ring(timer);
      else this.#arm(timer);
    }
  }
  #arm(timer: Timer): void {
    this.#timers.add(timer);
    timer.stop = systemClock.after(timer.dueMs - this.monotonic(), () => this.#ring(timer));
  }
  #ring(timer: Timer): void {
    this.#timers.delete(timer);
    timer.callback();
  }
}
