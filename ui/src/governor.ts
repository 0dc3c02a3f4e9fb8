import type { Bars, Effects, Finding, Interval } from "flyball/client";
import { formatDuration, formatMoney, formatShare } from "./format.ts";

/** What the optimizer says, in words that people read. What is new to this console is shown as it is written. Pure. */

const kinds: Readonly<Record<string, string>> = {
  change_threshold: "Ask people less often",
  swap_model: "Use a cheaper model",
  cascade: "Ask a cheap model first",
  parallelize: "Do steps at the same time",
  add_cache: "Keep answers for the same question",
};

export function kindName(kind: string): string {
  return kinds[kind] ?? kind.replaceAll("_", " ");
}

export const stages = ["replay", "shadow", "canary", "promoted"] as const;

const stageTexts: Readonly<Record<string, string>> = {
  replay: "tried on recorded runs",
  shadow: "runs beside every run, and answers nobody",
  canary: "answers a tenth of the runs",
  promoted: "everybody has it",
  rolledBack: "taken back",
};

export function stageText(stage: string): string {
  return stageTexts[stage] ?? stage;
}

/** What a run saves, largest first in what people count: money, time, minutes of people. */
export function prizeText({ usdPerRun, msPerRun, reviewMinutesPerRun }: Finding["prize"]): string {
  const parts = [
    ...(usdPerRun > 0 ? [formatMoney(usdPerRun)] : []),
    ...(msPerRun > 0 ? [formatDuration(msPerRun)] : []),
    ...(reviewMinutesPerRun > 0 ? [`${Number(reviewMinutesPerRun.toFixed(2))} min of people`] : []),
  ];
  return parts.length > 0 ? `saves ${parts.join(", ")} a run` : "";
}

/** One figure of a change: as it is, as it is expected, and as it came. */
export interface EffectRow {
  readonly name: string;
  readonly before: string;
  readonly expected: string;
  readonly realised: string;
  /** Whether what came lies within what was expected; null before it is known. */
  readonly isInside: boolean | null;
}

export function effectRows(
  before: Effects,
  expected: Effects,
  realised: Effects | null,
): readonly EffectRow[] {
  const row = (
    name: string,
    of: (effects: Effects) => Interval,
    show: (value: number) => string,
  ): EffectRow => {
    const [now, then, came] = [of(before), of(expected), realised && of(realised)];
    return {
      name,
      before: show(now.mid),
      expected: `${show(then.mid)} (${show(then.low)} to ${show(then.high)})`,
      realised: came ? show(came.mid) : "–",
      isInside: came && came.mid >= then.low && came.mid <= then.high,
    };
  };
  const minutes = ({ reviewMinutesPerRun }: Effects) => reviewMinutesPerRun.toFixed(2);
  return [
    row("Cost of a run, mean", ({ costPerRun }) => costPerRun, formatMoney),
    row("Accuracy", ({ accuracy }) => accuracy, formatShare),
    row("Automated", ({ automated }) => automated, formatShare),
    row("Time to result, p50", ({ timeToResultP50 }) => timeToResultP50, formatDuration),
    {
      name: "Minutes of people, mean",
      before: minutes(before),
      expected: minutes(expected),
      realised: realised ? minutes(realised) : "–",
      isInside: null,
    },
  ];
}

/** What a candidate is held against, as sentences. */
export function barTexts(bars: Bars): readonly string[] {
  const { accuracyMin, provenAccuracyMin, errorRateMax, costMeanMaxUsd, timeToResultP50MaxMs } = bars;
  return [
    `shown to be right in more than ${formatShare(provenAccuracyMin)} of its runs, or it goes no further`,
    `taken back when it is shown to be right in fewer than ${formatShare(accuracyMin)}`,
    `at most ${formatShare(errorRateMax)} of its runs may fail`,
    ...(costMeanMaxUsd > 0 ? [`a run may cost at most ${formatMoney(costMeanMaxUsd)} in the mean`] : []),
    ...(timeToResultP50MaxMs === null
      ? []
      : [`half of its runs end within ${formatDuration(timeToResultP50MaxMs)}`]),
  ];
}
