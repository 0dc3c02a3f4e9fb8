import type { Effects } from "./changes.ts";
import type { Interval } from "./statistics.ts";

/** What was expected of so many runs, and what these came to. */
export interface Beside extends Interval {
  readonly realised: number;
  readonly isInside: boolean;
}

export interface Comparison {
  readonly runs: number;
  readonly savedUsdPerRun: Beside;
  readonly costPerRun: Beside;
  readonly accuracy: Beside;
  readonly automated: Beside;
  readonly timeToResultP50: Beside;
}

/**
 * What came of a change beside what was expected. The intervals expected are those of a sample of the same size; of
 * fewer runs they are wider, of more they are narrower.
 */
export function comparisonOf({
  before,
  expected,
  realised,
}: {
  readonly before: Effects;
  readonly expected: Effects;
  readonly realised: Effects;
}): Comparison {
  const widening = Math.sqrt((1 + expected.runs / realised.runs) / 2);
  const beside = (interval: Interval, came: number): Beside => {
    const low = interval.mid - widening * (interval.mid - interval.low);
    const high = interval.mid + widening * (interval.high - interval.mid);
    // Sums of the same costs in another order differ in their last digits.
    const rounding = Math.abs(interval.mid) * 1e-9;
    const isInside = came >= low - rounding && came <= high + rounding;
    return { low, mid: interval.mid, high, realised: came, isInside };
  };
  const of = (figure: "costPerRun" | "accuracy" | "automated" | "timeToResultP50") =>
    beside(expected[figure], realised[figure].mid);
  const saved = savedBy(before, expected);
  return {
    runs: realised.runs,
    savedUsdPerRun: beside(saved, before.costPerRun.mid - realised.costPerRun.mid),
    costPerRun: of("costPerRun"),
    accuracy: of("accuracy"),
    automated: of("automated"),
    timeToResultP50: of("timeToResultP50"),
  };
}

/** Against what runs cost on record: what is uncertain is what they will cost. */
function savedBy({ costPerRun: before }: Effects, { costPerRun: after }: Effects): Interval {
  return { low: before.mid - after.high, mid: before.mid - after.mid, high: before.mid - after.low };
}
