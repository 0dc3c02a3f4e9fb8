/**
 * Loaded before the engine: measures how late its event loop is. At each SIGUSR2, `LOOP_DELAY_FILE` tells
 * the delays since the last one, in milliseconds.
 */
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const resolution = 10;
const delays = monitorEventLoopDelay({ resolution });
delays.enable();

process.on("SIGUSR2", () => {
  // What is measured is the time from one look to the next.
  const ms = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e6 - resolution));
  const told = {
    count: delays.count,
    p50: ms(delays.percentile(50)),
    p99: ms(delays.percentile(99)),
    max: ms(delays.max),
  };
  delays.reset();
  writeFileSync(`${process.env.LOOP_DELAY_FILE}`, JSON.stringify(told));
});
