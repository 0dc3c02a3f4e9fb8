import { monitorEventLoopDelay } from "node:perf_hooks";

const resolutionMs = 20;

/** How late the event loop is, measured by a timer that asks to be called every 20 ms. */
export class EventLoop {
  readonly #delays = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.#delays.enable();
  }

  /** Seconds beyond what was asked for, since the last time that it was asked; then it begins anew. */
  takeLateness(): { readonly p50: number; readonly p99: number; readonly max: number } {
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1e3);
    const { max } = this.#delays;
    const lateness = {
      p50: late(this.#delays.percentile(50)),
      p99: late(this.#delays.percentile(99)),
      max: late(max),
    };
    this.#delays.reset();
    return lateness;
  }
}
