import type { Bars, Effects, Experiment, Finding, Interval, ReplayedPast, SeenSoFar } from "flyball/client";
import { formatDuration, formatMoney, formatShare } from "./format.ts";

/** What the optimizer says, in words that people read. What is new to this console is shown as it is written. Pure. */

const kinds: Readonly<Record<string, string>> = {
  change_threshold: "Ask people less often",
  swap_model: "Use a cheaper model",
  cascade: "Let a model of our own answer what it is sure of",
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
  canary: "answers a part of the runs",
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
  /** Whether what came lies within what was expected; null where that is not known. */
  readonly isInside: boolean | null;
}

interface Figure {
  readonly name: string;
  readonly key: "costPerRun" | "accuracy" | "automated" | "timeToResultP50";
  show(value: number): string;
}

const figures: readonly Figure[] = [
  { name: "Cost of a run, mean", key: "costPerRun", show: formatMoney },
  { name: "Accuracy", key: "accuracy", show: formatShare },
  { name: "Automated", key: "automated", show: formatShare },
  { name: "Time to result, p50", key: "timeToResultP50", show: formatDuration },
];

/** With the interval for as many runs as were measured, once some were. */
export function effectRows({
  before,
  expected,
  realised,
  comparison,
}: Pick<Experiment, "before" | "expected" | "realised" | "comparison">): readonly EffectRow[] {
  const minutes = ({ reviewMinutesPerRun }: Effects) => reviewMinutesPerRun.toFixed(2);
  return [
    ...figures.map(({ name, key, show }): EffectRow => {
      const came = comparison?.[key];
      return {
        name,
        before: show(before[key].mid),
        expected: intervalText(came ?? expected[key], show),
        realised: came ? show(came.realised) : "–",
        isInside: came?.isInside ?? null,
      };
    }),
    {
      name: "Minutes of people, mean",
      before: minutes(before),
      expected: minutes(expected),
      realised: realised ? minutes(realised) : "–",
      isInside: null,
    },
  ];
}

function intervalText({ low, mid, high }: Interval, show: (value: number) => string): string {
  return `${show(mid)} (${show(low)} to ${show(high)})`;
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

/** What was made of recorded runs: the first stage. */
export function replayText({ runs, replayed, blocked, changed, right, steps }: ReplayedPast): string {
  const parts = [
    `${replayed} of ${runs} recorded runs were walked again; ${formatShare(changed.value)} of them end otherwise`,
    ...(right.n > 0 ? [`${right.right} of ${right.n} judged answers were right`] : []),
    `${steps.reused + steps.askedBefore} recorded answers stood, ${steps.doneAgain} steps were done again`,
    ...(blocked > 0 ? [`${blocked} runs say nothing, as they would have cost or touched something`] : []),
  ];
  return `${parts.join("; ")}.`;
}

export function seenText({ runs, judged, right, shown }: SeenSoFar): string {
  return `${right} of ${judged} judged answers were right, in ${runs} ${runs === 1 ? "run" : "runs"} of this stage: ${formatShare(shown)} of the evidence that it needs`;
}
