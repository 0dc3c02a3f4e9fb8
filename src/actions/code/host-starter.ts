import type { Clock } from "../../core/base/index.ts";
import { type Supervised, supervise } from "../processes/index.ts";
import { type HostLimits, readyMax } from "./limits.ts";

const isSource = import.meta.filename.endsWith(".ts");
const hostFile = new URL(isSource ? "./host.ts" : "./host.js", import.meta.url).pathname;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Starts the processes of hosts. A start takes a quarter of a second of a processor, and a run that ends
 * its process does so three times, so after a crash some are kept ready that have imported nothing yet:
 * whoever stood beside that run goes on at once. Before the first crash, and long after the last, there are none.
 */
export class HostStarter {
  readonly #clock: Clock;
  readonly #limits: HostLimits;
  readonly #ready = new Set<Supervised>();
  #environment: Environment = {};
  #stopRefill: (() => void) | undefined;
  #stopIdle: (() => void) | undefined;
  #isClosed = false;

  constructor(clock: Clock, limits: HostLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  start(environment: Environment): Supervised {
    const [ready] = isSame(environment, this.#environment) ? this.#ready : [];
    if (!ready) return this.#start(environment);
    this.#ready.delete(ready);
    this.#armRefill();
    return ready;
  }

  /** Whether so many are ready that one can go to whoever does not wait for it. */
  hasPlenty(environment: Environment): boolean {
    return this.#ready.size >= readyMax && isSame(environment, this.#environment);
  }

  /** A host with this environment has crashed: others will be needed. */
  keepReady(environment: Environment): void {
    if (this.#isClosed) return;
    if (!isSame(environment, this.#environment)) this.#endReady();
    this.#environment = environment;
    this.#stopIdle?.();
    this.#stopIdle = this.#clock.after(this.#limits.idleMsMax, () => this.#endReady());
    this.#armRefill();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopIdle?.();
    this.#endReady();
  }

  /** One at a time, and not while those who wait for theirs are being started. */
  #armRefill(): void {
    this.#stopRefill?.();
    this.#stopRefill = this.#clock.after(this.#limits.readyEveryMs, () => {
      if (this.#ready.size >= readyMax) return;
      this.#addReady();
      this.#armRefill();
    });
  }

  #addReady(): void {
    const ready = this.#start(this.#environment);
    this.#ready.add(ready);
    const forget = () => {
      if (this.#ready.delete(ready)) ready.release();
    };
    ready.ended.then(forget, forget);
  }

  #endReady(): void {
    this.#stopRefill?.();
    for (const ready of this.#ready) ready.kill("SIGKILL");
  }

  #start(environment: Environment): Supervised {
    const { heapMbMax, memoryMbMax } = this.#limits;
    return supervise({
      command: [process.execPath, `--max-old-space-size=${heapMbMax}`, hostFile],
      environment,
      streams: ["ignore", "pipe", "pipe"],
      channel: true,
      memoryBytesMax: memoryMbMax * 1024 * 1024,
    });
  }
}

function isSame(one: Environment, other: Environment): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
