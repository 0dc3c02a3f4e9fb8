import type { Clock } from "../base/index.ts";

/**
 * One timer for the earliest of many moments; once it has rung, it is to be set anew. Moments are of the
 * wall, which may be set while it waits, so which of two comes first is told by how long each is away.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  /** When it rings, by the clock that never jumps. */
  #at = Number.POSITIVE_INFINITY;
  #stop: (() => void) | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at this moment, unless it is set to an earlier one. */
  set(atMs: number | undefined): void {
    if (atMs === undefined) return;
    const inMs = Math.max(0, atMs - this.#clock.now());
    const at = this.#clock.monotonic() + inMs;
    if (at >= this.#at) return;
    this.#stop?.();
    this.#at = at;
    this.#stop = this.#clock.after(inMs, () => {
      this.#at = Number.POSITIVE_INFINITY;
      this.#ring();
    });
  }

  stop(): void {
    this.#stop?.();
    this.#at = Number.NEGATIVE_INFINITY;
  }
}
