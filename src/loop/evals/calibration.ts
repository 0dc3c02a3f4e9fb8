/** An answer's confidence, and whether it was right. */
export interface Judged {
  readonly confidence: number;
  readonly isRight: boolean;
}

/**
 * Expected calibration error with bins of equal width (Naeini, Cooper and Hauskrecht 2015; Guo and others 2017,
 * equation 3): the gaps between mean confidence and accuracy, weighted by the size of the bins. A confidence on
 * an edge belongs to the bin below it, as in the papers: (0, 0.1], (0.1, 0.2] …
 */
export function calibrationError(judged: readonly Judged[], bins = 10): number {
  if (judged.length === 0) return 0;
  const gaps = new Float64Array(bins);
  for (const { confidence, isRight } of judged) {
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    gaps[bin] = (gaps[bin] ?? 0) + confidence - (isRight ? 1 : 0);
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / judged.length;
}
