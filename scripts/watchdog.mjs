// Loaded into each process that runs a test file: ends the process when it takes too long.
//
// `node --test --test-timeout` reports a test that takes too long, but does not end its process: not when
// it spins (nothing else can run in it), nor when it left a timer or a socket open. A thread can.
import { writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";

const limitMinutes = 10;
const isTestProcess = isMainThread && process.env.NODE_TEST_CONTEXT !== undefined;

if (isTestProcess) {
  const watch = { watchedFile: process.argv[1] };
  new Worker(new URL(import.meta.url), { workerData: watch, execArgv: [], env: {} }).unref();
} else if (workerData?.watchedFile) {
  setTimeout(() => {
    writeSync(2, `${workerData.watchedFile}: ended, as it still runs after ${limitMinutes} minutes\n`);
    process.kill(process.pid, "SIGKILL");
  }, limitMinutes * 60_000);
}
