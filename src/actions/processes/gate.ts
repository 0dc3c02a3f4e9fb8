/** Lets at most so many through at once; the others come in their order. */
export interface Gate {
  /** Resolves when it is one's turn. Rejects with the signal's reason when that comes first. */
  enter(signal: AbortSignal): Promise<void>;
  leave(): void;
}

export function gate(insideMax: number): Gate {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return {
    enter(signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (inside < insideMax) {
        inside++;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const admit = () => {
          signal.removeEventListener("abort", abandon);
          resolve();
        };
        const abandon = () => {
          waiting.splice(waiting.indexOf(admit), 1);
          reject(signal.reason);
        };
        signal.addEventListener("abort", abandon, { once: true });
        waiting.push(admit);
      });
    },
    leave() {
      const next = waiting.shift();
      if (next) next();
      else inside--;
    },
  };
}
