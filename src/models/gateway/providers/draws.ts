import type { Random } from "../../../core/base/index.ts";

/** The 95th percentile of the standard normal distribution. */
const normalP95 = 1.6448536269514722;

/**
 * Milliseconds from the log-normal distribution with this median and 95th percentile. Draws the same
 * number of times whatever the parameters.
 */
export function logNormalDraw({ p50Ms, p95Ms }: { p50Ms: number; p95Ms: number }, random: Random): number {
  const normal = normalDraw(random);
  if (p50Ms <= 0) return 0;
  const sigma = Math.log(Math.max(p95Ms, p50Ms) / p50Ms) / normalP95;
  return p50Ms * Math.exp(sigma * normal);
}

/** The standard normal distribution by Box and Muller (1958). */
function normalDraw(random: Random): number {
  // 1 - next() lies in (0, 1]: its logarithm is finite.
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Beta(a, b) as a share of two gamma draws; a and b above zero. */
export function betaDraw(a: number, b: number, random: Random): number {
  const [x, y] = [gammaDraw(a, random), gammaDraw(b, random)];
  return x + y === 0 ? a / (a + b) : x / (x + y);
}

/** Gamma(shape, 1) by Marsaglia and Tsang (2000), with their boost for shapes below one. */
function gammaDraw(shape: number, random: Random): number {
  if (shape < 1) return gammaDraw(shape + 1, random) * (1 - random.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  // Each round is accepted with a probability above 0.95; a bound keeps a broken generator from hanging us.
  for (let round = 0; round < 1_000; round++) {
    const normal = normalDraw(random);
    const v = (1 + c * normal) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * normal ** 2 + d - d * v + d * Math.log(v)) return d * v;
  }
  return d;
}
