import {
  formatDuration,
  formatMoney,
  formatShare,
  parseDuration,
  parseMoney,
  parseShare,
} from "../base/index.ts";
import { RolloutInvalid } from "./errors.ts";
import type { Breach, Guard } from "./events.ts";
import { guardMinRunsDefault } from "./limits.ts";
import type { ArmFigures } from "./statistics.ts";

/** A guard as it is written: bounds are numbers, or texts with a unit (`2s`, `$0.01`, `5%`). */
export interface WrittenGuard {
  readonly metric: string;
  readonly max?: number | string | undefined;
  readonly min?: number | string | undefined;
  readonly minRuns?: number | undefined;
}

interface Metric {
  parse(bound: number | string): number;
  show(value: number): string;
  of(figures: ArmFigures): number | null;
}

const metrics: Readonly<Record<string, Metric>> = {
  error_rate: { parse: parseShare, show: formatShare, of: (figures) => figures.errorRate },
  latency_p50: { parse: parseDuration, show: formatDuration, of: (figures) => figures.latencyP50Ms },
  latency_p95: { parse: parseDuration, show: formatDuration, of: (figures) => figures.latencyP95Ms },
  cost_mean: { parse: parseMoney, show: formatMoney, of: (figures) => figures.costMeanUsd },
};

const scorePrefix = "score.";

function metricOf(name: string): Metric {
  const metric = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
  if (metric) return metric;
  const score = name.slice(scorePrefix.length);
  if (!name.startsWith(scorePrefix) || score === "")
    throw new RolloutInvalid(
      `guards: there is no metric ${JSON.stringify(name)}; expected ${Object.keys(metrics).join(", ")} or score.NAME`,
    );
  return {
    parse: (bound) => (typeof bound === "number" ? bound : parseShare(bound)),
    show: (value) => String(Number(value.toPrecision(4))),
    of: ({ scores }) => (Object.hasOwn(scores, score) ? (scores[score]?.mean ?? null) : null),
  };
}

/** Throws `RolloutInvalid` for a metric that is none, and for a guard without a bound. */
export function guardOf({ metric, max, min, minRuns = guardMinRunsDefault }: WrittenGuard): Guard {
  const { parse } = metricOf(metric);
  if (max === undefined && min === undefined)
    throw new RolloutInvalid(`guards: ${metric} needs a bound: max, min or both`);
  return {
    metric,
    ...(max === undefined ? {} : { max: parse(max) }),
    ...(min === undefined ? {} : { min: parse(min) }),
    minRuns,
  };
}

/** The first guard that is broken by what the new version has come to. Pure. */
export function breachOf(guards: readonly Guard[], figures: ArmFigures): Breach | undefined {
  for (const { metric, max, min, minRuns } of guards) {
    const value = metricOf(metric).of(figures);
    const runs = countOf(metric, figures);
    if (value === null || runs < minRuns) continue;
    if (max !== undefined && value > max) return { metric, value, bound: { max }, runs };
    if (min !== undefined && value < min) return { metric, value, bound: { min }, runs };
  }
  return undefined;
}

/** How much a value is of: of a score, how often it was given. */
function countOf(metric: string, { runs, scores }: ArmFigures): number {
  if (!metric.startsWith(scorePrefix)) return runs;
  return scores[metric.slice(scorePrefix.length)]?.n ?? 0;
}

/** `score.helpful is 0.62 over 40, below the least allowed 0.8`. */
export function breachText({ metric, value, bound, runs }: Breach): string {
  const { show } = metricOf(metric);
  const against =
    "max" in bound
      ? `above the most allowed ${show(bound.max)}`
      : `below the least allowed ${show(bound.min)}`;
  const what = metric.startsWith(scorePrefix) ? "scores" : "runs";
  return `${metric} is ${show(value)} over ${runs} ${what}, ${against}`;
}
