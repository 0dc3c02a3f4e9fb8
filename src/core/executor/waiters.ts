import type { RunStatus } from "./events.ts";

interface Waiter {
  resolve(status: RunStatus | undefined): void;
  reject(error: unknown): void;
}

/** Who waits in memory to hear where a run has come to rest. */
export class Waiters {
  readonly #waiters = new Map<string, Waiter[]>();

  /** Resolves with undefined when only the run's row can tell. */
  wait(run: string): Promise<RunStatus | undefined> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(run);
      if (waiters) waiters.push({ resolve, reject });
      else this.#waiters.set(run, [{ resolve, reject }]);
    });
  }

  get runs(): readonly string[] {
    return [...this.#waiters.keys()];
  }

  tell(run: string, status: RunStatus | undefined, error?: unknown): void {
    const waiters = this.#waiters.get(run);
    if (!waiters) return;
    this.#waiters.delete(run);
    for (const waiter of waiters) error ? waiter.reject(error) : waiter.resolve(status);
  }
}
