// Sequential test
// ===============
// Whether a share of right answers lies above or below a bar, looked at after every run. The capital of a gambler
// who bets against "the mean is at most m" (or "at least m") is a non-negative supermartingale while that is true,
// so it reaches 1 / alpha with a chance of at most alpha, however often one looks (Ville's inequality). Bets of
// several sizes are mixed, since the best one depends on what nobody knows yet. Waudby-Smith and Ramdas 2024,
// "Estimating means of bounded random variables by betting", JRSS B 86(1), sections 3 and 4.

/** Fractions of the largest bet that cannot lose everything. */
const fractions = [0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95];

/** The evidence, as a capital that began at 1, against "the mean of the outcomes (0 to 1) is at most `bar`". */
export function evidenceAbove(outcomes: readonly number[], bar: number): number {
  return capital(outcomes, bar);
}

/** The evidence against "the mean of the outcomes is at least `bar`". */
export function evidenceBelow(outcomes: readonly number[], bar: number): number {
  return capital(
    outcomes.map((outcome) => 1 - outcome),
    1 - bar,
  );
}

function capital(outcomes: readonly number[], bar: number): number {
  const m = Math.min(0.999, Math.max(0.001, bar));
  const capitals = fractions.map((fraction) => {
    const bet = fraction / m;
    return outcomes.reduce((sum, outcome) => sum * (1 + bet * (outcome - m)), 1);
  });
  return capitals.reduce((sum, each) => sum + each, 0) / fractions.length;
}
