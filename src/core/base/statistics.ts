/** The value at a share of a sample by nearest rank, of values that rise; undefined where there are none. */
export function nearestRank(sorted: ArrayLike<number>, share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** The 97.5th percentile of the normal distribution: of intervals of 95%. */
export const normal975 = 1.959963984540054;

/** The bounds of a share's 95% score interval (Wilson 1927). Nothing tried says nothing: from 0 to 1. */
export function shareBounds(successes: number, n: number): { readonly low: number; readonly high: number } {
  if (n === 0) return { low: 0, high: 1 };
  const z = normal975;
  const p = successes / n;
  const middle = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  // At 0 and at 1 the bound is exact, and rounding would pass it.
  return { low: successes === 0 ? 0 : middle - half, high: successes === n ? 1 : middle + half };
}
