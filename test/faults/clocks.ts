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
    for (const timer of [...this.#timers]) {
      timer.stop();
      this.#arm(timer);
    }
  }
  #arm(timer: Timer): void {
    this.#timers.add(timer);
    timer.stop = systemClock.after(Math.max(0, timer.dueMs - this.monotonic()), () => {
      this.#timers.delete(timer);
      timer.callback();
    });
  }
}
