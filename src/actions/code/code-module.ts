import { gate } from "../processes/index.ts";
import { type HostOptions, HostProcess } from "./host-process.ts";
import { lanesMax } from "./limits.ts";

/** A host of a run's own, until it gives it back. */
export interface Lane {
  readonly host: HostProcess;
  leave(): void;
}

/**
 * One version of one module: the host that its runs share, and lanes for suspects. Hosts start when they
 * are needed. A lane's host that comes through is used for the next suspect, or shared.
 */
export class CodeModule {
  readonly #options: HostOptions;
  readonly #turns = gate(lanesMax);
  readonly #hosts = new Set<HostProcess>();
  readonly #idleLanes: HostProcess[] = [];
  readonly #closing = new AbortController();
  #shared: HostProcess | undefined;

  constructor(options: HostOptions, first?: HostProcess) {
    this.#options = options;
    this.#shared = first && this.#watch(first);
  }

  get shared(): HostProcess {
    if (this.#shared?.isUsable) return this.#shared;
    this.#shared = this.#usableLane() ?? this.#watch(new HostProcess(this.#options));
    return this.#shared;
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

  #usableLane(): HostProcess | undefined {
    for (let host = this.#idleLanes.pop(); host; host = this.#idleLanes.pop()) if (host.isUsable) return host;
    return undefined;
  }

  #watch(host: HostProcess): HostProcess {
    this.#hosts.add(host);
    host.ended.then(() => this.#hosts.delete(host));
    return host;
  }
}
