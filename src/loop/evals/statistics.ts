// Statistics
// ==========
// What is said of a sample, with how far it may be off. Pure functions; chance comes from a seed, so the same
// sample has the same interval everywhere.
import { nearestRank, seededRandom, shareBounds } from "../../core/base/index.ts";

export interface Estimate {
  readonly value: number;
  /** The bounds of the 95% interval. */
  readonly low: number;
  readonly high: number;
  /** How many it rests on. */
  readonly n: number;
  readonly method: "wilson" | "bootstrap";
}

/** A share with its score interval (Wilson 1927). Nothing tried says nothing: from 0 to 1. */
export function share(successes: number, n: number): Estimate {
  return { value: n === 0 ? 0 : successes / n, ...shareBounds(successes, n), n, method: "wilson" };
}

export const resamplesDefault = 2_000;

/**
 * A statistic of a sample with its percentile bootstrap interval (Efron 1979). Rows are drawn whole, so a
 * statistic of pairs has a paired interval.
 */
export function bootstrap<Row>(
  rows: readonly Row[],
  statistic: (rows: readonly Row[]) => number,
  { seed = 1, resamples = resamplesDefault }: { seed?: number; resamples?: number } = {},
): Estimate {
  const n = rows.length;
  const value = statistic(rows);
  if (n === 0) return { value, low: value, high: value, n, method: "bootstrap" };
  const random = seededRandom(seed);
  const draw = () => Array.from({ length: n }, () => rows[Math.floor(random.next() * n)] as Row);
  const drawn = Float64Array.from({ length: resamples }, () => statistic(draw())).sort();
  const low = quantile(drawn, 0.025);
  return { value, low, high: quantile(drawn, 0.975), n, method: "bootstrap" };
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] ?? 0;
  return values.length === 0 ? 0 : sum / values.length;
}

/** The mean of a sample; of differences of pairs, it is the paired comparison. */
export function meanOf(values: readonly number[], seed = 1): Estimate {
  return bootstrap(values, mean, { seed });
}

/** Nearest rank, of values that rise. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return nearestRank(sorted, share) ?? 0;
}
