export interface Figure {
  readonly steps: number;
  readonly concurrency: number;
  readonly runs: number;
  readonly stepsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Runs of one workflow, so many at once, each begun when another one ends, for so long. */
export async function measure(
  what: { readonly steps: number; readonly concurrency: number; readonly forMs: number },
  runOnce: () => Promise<void>,
  now: () => number = () => performance.now(),
): Promise<Figure> {
  const { steps, concurrency, forMs } = what;
  const timesMs: number[] = [];
  const startedMs = now();
  const endMs = startedMs + forMs;
  const worker = async () => {
    while (now() < endMs) {
      const beganMs = now();
      await runOnce();
      timesMs.push(now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (now() - startedMs) / 1_000;
  const runs = timesMs.length;
  return {
    steps,
    concurrency,
    runs,
    stepsPerSecond: Math.round((runs * steps) / seconds),
    ...quantiles(timesMs),
  };
}

export function quantiles(timesMs: readonly number[]): { readonly p50Ms: number; readonly p99Ms: number } {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const at = (share: number) =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(3));
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
