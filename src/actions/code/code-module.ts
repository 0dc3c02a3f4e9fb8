import { assert } from "../../core/base/index.ts";
import { gate } from "../processes/index.ts";
import { type HostOptions, HostProcess } from "./host-process.ts";
import { lanesMax, sharedMax } from "./limits.ts";

/** A host of a run's own, until it gives it back. */
export interface Lane {
  readonly host: HostProcess;
  leave(): void;
}

/**
 * One version of one module: the host that its runs share, and lanes for suspects. Hosts start when they
 * are needed. A lane's host that comes through is used for the next suspect, or shared. For a while after
 * a crash the runs share several hosts, so that the next crash meets few of them.
 */
export class CodeModule {
  readonly #options: HostOptions;
  readonly #turns = gate(lanesMax);
  readonly #hosts = new Set<HostProcess>();
  readonly #shared: HostProcess[] = [];
  readonly #idleLanes: HostProcess[] = [];
  readonly #closing = new AbortController();
  #spreadUntil = Number.NEGATIVE_INFINITY;

  constructor(options: HostOptions, first?: HostProcess) {
    this.#options = options;
    if (first) this.#shared.push(this.#watch(first));
  }

  /** The host for what comes next: of those that are shared, the one with the least to do. */
  get shared(): HostProcess {
    const isSpread = this.#options.clock.monotonic() < this.#spreadUntil;
    const hostsMax = isSpread ? sharedMax : 1;
    const usable = this.#shared.filter((host) => host.isUsable).slice(0, hostsMax);
    const another = usable.length < hostsMax ? this.#another(usable.length === 0) : undefined;
    if (another) this.#shared.push(another);
    const [least] = [...usable, ...(another ? [another] : [])].sort(
      (one, other) => Number(other.isLoaded) - Number(one.isLoaded) || one.load - other.load,
    );
    assert(least, "there is one host at least");
    return least;
  }

  /** Waits for a place among the suspects. */
  async lane(signal?: AbortSignal): Promise<Lane> {
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    await this.#turns.enter(either);
    const host = this.#usableLane() ?? this.#watch(new HostProcess(this.#options));
    let isLeft = false;
    return {
      host,
      leave: () => {
        if (isLeft) return;
        isLeft = true;
        if (host.isUsable) this.#idleLanes.push(host);
        this.#turns.leave();
      },
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const host of this.#hosts) host.kill("the engine has ended", false);
    await Promise.all([...this.#hosts].map((host) => host.ended));
  }

  /** To be shared: at once when there is none, else only when nobody who was hit by the crash needs it more. */
  #another(isNeeded: boolean): HostProcess | undefined {
    const { starter, environment } = this.#options;
    if (!isNeeded && !starter.hasPlenty(environment)) return undefined;
    return this.#usableLane() ?? this.#watch(new HostProcess(this.#options));
  }

  #usableLane(): HostProcess | undefined {
    for (let host = this.#idleLanes.pop(); host; host = this.#idleLanes.pop()) if (host.isUsable) return host;
    return undefined;
  }

  #watch(host: HostProcess): HostProcess {
    this.#hosts.add(host);
    host.ended.then(() => this.#forget(host));
    return host;
  }

  #forget(host: HostProcess): void {
    this.#hosts.delete(host);
    if (this.#shared.includes(host)) this.#shared.splice(this.#shared.indexOf(host), 1);
    if (!host.hasCrashed) return;
    const { clock, limits, starter, environment } = this.#options;
    this.#spreadUntil = clock.monotonic() + limits.idleMsMax;
    starter.keepReady(environment);
  }
}
