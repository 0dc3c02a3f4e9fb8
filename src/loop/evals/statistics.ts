// Statistics
// ==========
// What is said of a sample, with how far it may be off. Pure functions; chance comes from a seed, so the same
// sample has the same interval everywhere.
import { seededRandom } from "../../core/base/index.ts";

export interface Estimate {
  readonly value: number;
  /** The bounds of the 95% interval. */
  readonly low: number;
  readonly high: number;
  /** How many it rests on. */
  readonly n: number;
  readonly method: "wilson" | "bootstrap";
}

/** The 97.5th percentile of the normal distribution. */
const z = 1.959963984540054;

/** A share with its score interval (Wilson 1927). Nothing tried says nothing: from 0 to 1. */
export function share(successes: number, n: number): Estimate {
  if (n === 0) return { value: 0, low: 0, high: 1, n, method: "wilson" };
  const p = successes / n;
  const middle = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  // At 0 and at 1 the bound is exact, and rounding would pass it.
  const low = successes === 0 ? 0 : middle - half;
  const high = successes === n ? 1 : middle + half;
  return { value: p, low, high, n, method: "wilson" };
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
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
