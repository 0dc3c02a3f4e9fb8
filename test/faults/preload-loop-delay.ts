/**
 * Loaded before the engine: measures how late its event loop is. At each SIGUSR2, `LOOP_DELAY_FILE` tells
 * the delays since the last one, in milliseconds: by the clock, and by the processor time of the thread, in
 * which nothing counts that other programs have taken from it.
 */
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { percentile } from "./fault.ts";

const resolution = 10;
const delays = monitorEventLoopDelay({ resolution });
delays.enable();

let worked: number[] = [];
let before = process.threadCpuUsage();
setInterval(() => {
  const { user, system } = process.threadCpuUsage(before);
  worked.push((user + system) / 1_000);
  before = process.threadCpuUsage();
}, resolution).unref();

process.on("SIGUSR2", () => {
  // What is measured is the time from one look to the next.
  const ms = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e6 - resolution));
  const told = {
    count: delays.count,
    p99: ms(delays.percentile(99)),
    max: ms(delays.max),
    workedP99: Math.round(percentile(worked, 0.99)),
    workedMax: Math.round(percentile(worked, 1)),
  };
  delays.reset();
  worked = [];
  writeFileSync(`${process.env.LOOP_DELAY_FILE}`, JSON.stringify(told));
});
