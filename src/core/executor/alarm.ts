import type { Clock } from "../base/index.ts";

/** One timer for the earliest of many moments; once it has rung, it is to be set anew. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #at = Number.POSITIVE_INFINITY;
  #stop: (() => void) | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at this moment, unless it is set to an earlier one. */
  set(atMs: number | undefined): void {
    if (atMs === undefined || atMs >= this.#at) return;
    this.#stop?.();
    this.#at = atMs;
    this.#stop = this.#clock.after(Math.max(0, atMs - this.#clock.now()), () => {
      this.#at = Number.POSITIVE_INFINITY;
      this.#ring();
    });
  }

  stop(): void {
    this.#stop?.();
    this.#at = Number.NEGATIVE_INFINITY;
  }
}
