import { normal975, shareBounds } from "../../core/base/index.ts";

/** A figure with the bounds of its 95% interval. */
export interface Interval {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/**
 * What an interval is of: the figure itself, or the same figure of a further sample of the same size. Such a sample
 * is off by as much again, so the variance is twice that of the figure (Hahn and Meeker 1991, section 4.8).
 */
export type Of = "figure" | "next sample";

const variances: Readonly<Record<Of, number>> = { figure: 1, "next sample": 2 };

/** A share with its score interval (Wilson 1927); of nothing, nothing is known. */
export function shareInterval(successes: number, n: number, of: Of = "figure"): Interval {
  const { low, high } = shareBounds(successes / variances[of], n / variances[of]);
  return { low, mid: n === 0 ? 0 : successes / n, high };
}

/** A mean with its normal interval: samples here have sixty values and more. */
export function meanInterval(values: readonly number[], of: Of = "figure"): Interval {
  const n = values.length;
  if (n === 0) return { low: 0, mid: 0, high: 0 };
  const mid = meanOf(values);
  const variance = values.reduce((sum, value) => sum + (value - mid) ** 2, 0) / Math.max(1, n - 1);
  const half = normal975 * Math.sqrt((variance * variances[of]) / n);
  return { low: mid - half, mid, high: mid + half };
}

/** A median with the interval that the ranks of a sample give (Conover 1999, section 3.2). */
export function medianInterval(values: readonly number[], of: Of = "figure"): Interval {
  const n = values.length;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (rank: number) => sorted[Math.min(n - 1, Math.max(0, Math.ceil(rank) - 1))] ?? 0;
  const half = (normal975 * Math.sqrt(n * variances[of])) / 2;
  return { low: at(n / 2 - half), mid: at(n / 2), high: at(n / 2 + half + 1) };
}

export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** As figures stand in the journal: four digits are more than samples say. */
export function rounded(value: number): number {
  return Number(value.toFixed(4));
}
