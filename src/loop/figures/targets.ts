import { formatDuration, formatMoney, formatShare } from "../../core/base/index.ts";
import type { Targets } from "../../core/workflow/index.ts";
import type { presentFigures } from "./present.ts";

type Figures = ReturnType<typeof presentFigures>;

/** A target that is missed, in words. */
export interface Miss {
  readonly target: keyof Targets;
  readonly wanted: string;
  readonly actual: string;
}

interface Measure {
  readonly isAtLeast: boolean;
  show(value: number): string;
  of(figures: Figures): number | null;
}

const measures: Readonly<Record<keyof Targets, Measure>> = {
  automated: { isAtLeast: true, show: formatShare, of: ({ automated }) => automated },
  accuracy: { isAtLeast: true, show: formatShare, of: ({ accuracy }) => accuracy?.share ?? null },
  timeToResultP50Ms: {
    isAtLeast: false,
    show: formatDuration,
    of: ({ timeToResultP50Ms }) => timeToResultP50Ms,
  },
  costMeanUsd: { isAtLeast: false, show: formatMoney, of: ({ costMeanUsd }) => costMeanUsd },
  reviewMinutesMean: {
    isAtLeast: false,
    show: (minutes) => `${minutes.toFixed(1)} minutes`,
    of: ({ reviewMinutesMean }) => reviewMinutesMean,
  },
};

/** What has not been measured misses nothing. */
export function missedTargets(targets: Targets, figures: Figures): readonly Miss[] {
  return Object.entries(measures).flatMap(([name, { isAtLeast, show, of }]): Miss[] => {
    const target = name as keyof Targets;
    const [wanted, actual] = [targets[target], of(figures)];
    if (wanted === undefined || actual === null) return [];
    if (isAtLeast ? actual >= wanted : actual <= wanted) return [];
    return [
      { target, wanted: `${isAtLeast ? "at least" : "at most"} ${show(wanted)}`, actual: show(actual) },
    ];
  });
}
