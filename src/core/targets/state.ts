import { formatDuration, formatMoney, formatShare, nearestRank } from "../base/index.ts";
import type { DegradedBounds } from "../workflow/index.ts";
import type { Figures, WorkflowEvent } from "./events.ts";
import { probeRunsMin, probeShare, restoreMargin } from "./limits.ts";

/** One run that has ended, as far as bounds are concerned. */
export interface Sample {
  readonly failed: boolean;
  /** From its start to its end. */
  readonly ms: number;
  readonly costUsd: number;
}

export interface Rules {
  readonly bounds: DegradedBounds;
  /** How many of the latest runs are held against them. */
  readonly over: number;
  readonly probeMs: number;
}

/** Where a workflow stands. */
export type State =
  | { readonly mode: "normal"; readonly samples: readonly Sample[] }
  | {
      readonly mode: "degraded";
      /** From then on, runs may try whether all is well again. */
      readonly probeAt: number;
      /** Runs that try, and what came of those that have ended. */
      readonly probes: readonly string[];
      readonly samples: readonly Sample[];
    };

export const normal: State = { mode: "normal", samples: [] };

export function degradedAt(nowMs: number, { probeMs }: Rules): State {
  return { mode: "degraded", probeAt: nowMs + probeMs, probes: [], samples: [] };
}

/** Whether a run that starts now gets what is normal: always, or as one of the few that try. */
export function start(
  state: State,
  run: string,
  rules: Rules,
  nowMs: number,
): { state: State; isNormal: boolean } {
  if (state.mode === "normal") return { state, isNormal: true };
  if (nowMs < state.probeAt) return { state, isNormal: false };
  // Runs that tried and never came to an end are given up after as long a time again.
  const isStale = nowMs >= state.probeAt + rules.probeMs && state.probes.length === probeRuns(rules);
  const fresh = isStale ? { ...state, probeAt: nowMs, probes: [], samples: [] } : state;
  if (fresh.probes.length >= probeRuns(rules)) return { state: fresh, isNormal: false };
  return { state: { ...fresh, probes: [...fresh.probes, run] }, isNormal: true };
}

/** A run with the normal release has come to a stop; an event when that changes how the next ones run. */
export function stopped(
  state: State,
  { run, sample, rules, nowMs }: { run: string; sample: Sample; rules: Rules; nowMs: number },
): { readonly state: State; readonly event?: WorkflowEvent } {
  if (state.mode === "normal") {
    const samples = [...state.samples, sample].slice(-rules.over);
    const reason = samples.length < rules.over ? undefined : breach(figuresOf(samples), rules.bounds);
    if (reason === undefined) return { state: { mode: "normal", samples } };
    const event = { type: "workflow.degraded" as const, data: { reason, figures: figuresOf(samples) } };
    return { state: degradedAt(nowMs, rules), event };
  }
  if (!state.probes.includes(run)) return { state };
  const samples = [...state.samples, sample];
  if (samples.length < probeRuns(rules)) return { state: { ...state, samples } };
  const figures = figuresOf(samples);
  if (breach(figures, withMargin(rules.bounds)) !== undefined) return { state: degradedAt(nowMs, rules) };
  const reason = `${figures.runs} runs that tried were within the bounds`;
  return { state: normal, event: { type: "workflow.restored", data: { reason, figures } } };
}

function probeRuns({ over }: Rules): number {
  return Math.min(over, Math.max(probeRunsMin, Math.ceil(over * probeShare)));
}

function figuresOf(samples: readonly Sample[]): Figures {
  const failed = samples.filter((sample) => sample.failed).length;
  const times = samples.flatMap(({ failed: isFailed, ms }) => (isFailed ? [] : ms)).sort((a, b) => a - b);
  const cost = samples.reduce((sum, { costUsd }) => sum + costUsd, 0);
  return {
    runs: samples.length,
    errorRate: failed / samples.length,
    timeToResultP50Ms: nearestRank(times, 0.5) ?? null,
    costMeanUsd: Number((cost / samples.length).toFixed(12)),
  };
}

/** The first bound that is broken, in words. */
function breach(
  figures: Figures,
  { errorRate, timeToResultP50Ms, costMeanUsd }: DegradedBounds,
): string | undefined {
  if (errorRate !== undefined && figures.errorRate > errorRate)
    return `${formatShare(figures.errorRate)} of ${figures.runs} runs failed, above ${formatShare(errorRate)}`;
  const ms = figures.timeToResultP50Ms;
  if (timeToResultP50Ms !== undefined && ms !== null && ms > timeToResultP50Ms)
    return `half of ${figures.runs} runs took more than ${formatDuration(ms)}, above ${formatDuration(timeToResultP50Ms)}`;
  if (costMeanUsd !== undefined && figures.costMeanUsd > costMeanUsd)
    return `a run cost ${formatMoney(figures.costMeanUsd)} on average of ${figures.runs}, above ${formatMoney(costMeanUsd)}`;
  return undefined;
}

function withMargin(bounds: DegradedBounds): DegradedBounds {
  return Object.fromEntries(Object.entries(bounds).map(([name, bound]) => [name, bound * restoreMargin]));
}
