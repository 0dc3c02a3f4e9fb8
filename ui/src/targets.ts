import type { Figures, Targets } from "flyball/client";
import { formatDuration, formatMoney, formatShare } from "./format.ts";

/** A set-point of a workflow, beside what is. */
export interface SetPoint {
  readonly name: string;
  readonly wanted: string;
  readonly actual: string;
  /** `unknown` where nothing has been measured yet. */
  readonly state: "kept" | "breached" | "unknown";
  readonly trend: readonly (number | null)[];
}

interface Measure {
  readonly name: string;
  readonly isAtLeast: boolean;
  show(value: number): string;
  of(figures: Figures): number | null;
}

const measures: Readonly<Record<keyof Targets, Measure>> = {
  automated: {
    name: "Automated",
    isAtLeast: true,
    show: formatShare,
    of: ({ automated }) => automated,
  },
  accuracy: {
    name: "Accuracy",
    isAtLeast: true,
    show: formatShare,
    of: ({ accuracy }) => accuracy?.share ?? null,
  },
  timeToResultP50Ms: {
    name: "Time to result, p50",
    isAtLeast: false,
    show: formatDuration,
    of: ({ timeToResultP50Ms }) => timeToResultP50Ms,
  },
  costMeanUsd: {
    name: "Cost of a run, mean",
    isAtLeast: false,
    show: formatMoney,
    of: ({ costMeanUsd }) => costMeanUsd,
  },
  reviewMinutesMean: {
    name: "Minutes of people, mean",
    isAtLeast: false,
    show: (minutes) => minutes.toFixed(1),
    of: ({ reviewMinutesMean }) => reviewMinutesMean,
  },
};

/** What else there is to know of how a workflow does: figures without a target, and why some went wrong. */
export interface Vital {
  readonly name: string;
  /** Null where nothing has been measured. */
  readonly value: string | null;
  readonly reasons: string;
}

interface Metrics {
  readonly actual: Figures;
  readonly errors: readonly Reason[];
  readonly fallbacks: readonly Reason[];
}

interface Reason {
  readonly reason: string;
  readonly count: number;
}

/** Everything that is measured and that no target is about. Pure. */
export function vitalsOf(targets: Targets, { actual, errors, fallbacks }: Metrics): readonly Vital[] {
  const shown = (value: number | null, show: (value: number) => string) =>
    value === null ? null : show(value);
  const untargeted = Object.entries(measures).flatMap(([key, { name, show, of }]): Vital[] =>
    targets[key as keyof Targets] === undefined
      ? [{ name, value: shown(of(actual), show), reasons: "" }]
      : [],
  );
  return [
    ...untargeted,
    { name: "Errors", value: shown(actual.errorRate, formatShare), reasons: reasonsText(errors) },
    { name: "Fallbacks", value: shown(actual.fallbackRate, formatShare), reasons: reasonsText(fallbacks) },
    { name: "Steps by machine", value: shown(actual.agentUtilization, formatShare), reasons: "" },
    { name: "Throughput", value: shown(actual.throughputPerHour, perHour), reasons: "" },
  ];
}

function perHour(runs: number): string {
  return `${runs.toLocaleString("en", { maximumSignificantDigits: 2 })} an hour`;
}

const reasonsShown = 3;

function reasonsText(reasons: readonly Reason[]): string {
  const shown = reasons.slice(0, reasonsShown).map(({ reason, count }) => `${reason} ×${count}`);
  return [...shown, ...(reasons.length > reasonsShown ? ["…"] : [])].join(", ");
}

/** Each target of a workflow with the actual value, and how it went day by day. Pure. */
export function setPointsOf(
  targets: Targets,
  metrics: { readonly actual: Figures; readonly days: readonly Figures[] } | undefined,
): readonly SetPoint[] {
  return Object.entries(measures).flatMap(([key, measure]): SetPoint[] => {
    const wanted = targets[key as keyof Targets];
    if (wanted === undefined) return [];
    const actual = metrics ? measure.of(metrics.actual) : null;
    return [
      {
        name: measure.name,
        wanted: `${measure.isAtLeast ? "≥" : "≤"} ${measure.show(wanted)}`,
        actual: actual === null ? "–" : measure.show(actual),
        state: stateOf(actual, wanted, measure.isAtLeast),
        trend: (metrics?.days ?? []).map((day) => measure.of(day)),
      },
    ];
  });
}

function stateOf(actual: number | null, wanted: number, isAtLeast: boolean): SetPoint["state"] {
  if (actual === null) return "unknown";
  return (isAtLeast ? actual >= wanted : actual <= wanted) ? "kept" : "breached";
}
