import { meanOf } from "./statistics.ts";

// Sequential test
// ===============
// Whether a share of right answers lies above or below a bar, looked at after every run. The capital of a gambler
// who bets against "the mean is at most m" (or "at least m") is a non-negative supermartingale while that is true,
// so it reaches 1 / alpha with a chance of at most alpha, however often one looks (Ville's inequality). Bets of
// several sizes are mixed, since the best one depends on what nobody knows yet. Waudby-Smith and Ramdas 2024,
// "Estimating means of bounded random variables by betting", JRSS B 86(1), sections 3 and 4.
//
// What may turn bad at any time is bet against anew at every run, each time with a share of the capital that was set
// aside: the shares sum up to 1, so the bound is the same, and a long good record does not have to be lost first.
// Shin, Ramdas and Rinaldo 2024, "E-detectors: a nonparametric framework for sequential change detection", NEJSDS 2(2).

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
  const m = boundedBar(bar);
  const capitals = fractions.map((fraction) =>
    outcomes.reduce((sum, outcome) => sum * factorOf(fraction, m, outcome), 1),
  );
  return meanOf(capitals);
}

function boundedBar(bar: number): number {
  return Math.min(0.999, Math.max(0.001, bar));
}

function factorOf(fraction: number, m: number, outcome: number): number {
  return 1 + (fraction / m) * (outcome - m);
}

/** The evidence against "the mean of the outcomes (0 to 1) is at most `bar`, and stays so", run by run. */
export class LateEvidence {
  readonly #bar: number;
  readonly #capitals = fractions.map(() => 0);
  #seen = 0;

  constructor(bar: number) {
    this.#bar = boundedBar(bar);
  }

  add(outcome: number): void {
    const stake = setAside(this.#seen) - setAside(this.#seen + 1);
    this.#seen += 1;
    for (const [index, fraction] of fractions.entries())
      this.#capitals[index] = ((this.#capitals[index] ?? 0) + stake) * factorOf(fraction, this.#bar, outcome);
  }

  get capital(): number {
    return meanOf(this.#capitals) + setAside(this.#seen);
  }
}

/** Of the capital, what has not been staked after so many runs. It falls slowly, so that late runs have some too. */
function setAside(runs: number): number {
  return 100 / (100 + runs);
}
