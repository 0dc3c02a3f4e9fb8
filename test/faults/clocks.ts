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
