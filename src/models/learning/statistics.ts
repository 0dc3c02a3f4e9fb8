// Statistics
// ==========
// The few measures by which a model's confidence is judged. Pure functions of arrays.

/**
 * Expected calibration error (Naeini, Cooper and Hauskrecht 2015): confidences in [0, 1] fall into bins
 * of equal width, and the gaps between mean confidence and accuracy are averaged, weighted by the size of
 * the bins. 0 is perfect; 0 for no predictions at all.
 */
export function expectedCalibrationError(
  confidences: ArrayLike<number>,
  correct: ArrayLike<number>,
  bins = 15,
): number {
  const gaps = new Float64Array(bins);
  for (let row = 0; row < confidences.length; row++) {
    const confidence = confidences[row] ?? 0;
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(confidence * bins)));
    gaps[bin] = (gaps[bin] ?? 0) + confidence - (correct[row] ?? 0);
  }
  return confidences.length === 0
    ? 0
    : gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / confidences.length;
}

/**
 * The one-sided lower confidence bound of a share (Clopper and Pearson 1934): the largest p for which
 * `successes` or more out of `trials` would be seen with a probability of at most 1 - `level`. Exact, that
 * is, never too high; 0 when nothing was tried or nothing succeeded.
 */
export function shareLowerBound(successes: number, trials: number, level = 0.95): number {
  if (successes <= 0 || trials <= 0) return 0;
  let low = 0;
  let high = successes / trials;
  // The chance of at least that many successes is the regularised incomplete beta function, rising in p.
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, successes, trials - successes + 1) > 1 - level) high = middle;
    else low = middle;
  }
  return low;
}

/**
 * Whether the share is at least `share`, with one-sided confidence `level`: `shareLowerBound(...) >= share`
 * without searching for the bound.
 */
export function shareIsAtLeast(successes: number, trials: number, share: number, level = 0.95): boolean {
  return successes > 0 && incompleteBeta(share, successes, trials - successes + 1) <= 1 - level;
}

/**
 * The regularised incomplete beta function I_x(a, b), for a, b > 0: by its continued fraction with the
 * modified Lentz method (Abramowitz and Stegun 26.5.8; Thompson and Barnett 1986).
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean only; above it, the function is mirrored.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front =
    Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  return front * betaFraction(x, a, b);
}

function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const awayFromZero = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-14) break;
  }
  return value;
}

/** ln Γ(x) for x > 0: Stirling's series after shifting x above 10; right to about 1e-13. */
export function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  for (; y < 10; y++) shift += Math.log(y);
  const inverse = 1 / (y * y);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
