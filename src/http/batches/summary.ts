import { nearestRank } from "../../core/base/index.ts";
import { type BatchInput, type RunView, type StepView, viewRun } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { byPerson, verdicts } from "../../loop/figures/index.ts";

/** What a batch came to. Times in milliseconds, money in dollars, shares between 0 and 1; null where nothing is known. */
export interface Summary {
  readonly batch: string;
  readonly workflow: string;
  readonly version: string;
  readonly rows: number;
  readonly refused: readonly { readonly row: number; readonly problem: string }[];
  readonly status: Readonly<Record<string, number>>;
  /** Of runs that are completed, from start to end. */
  readonly timeToResult: Quantiles | null;
  readonly steps: readonly StepSummary[];
  readonly costMean: number | null;
  readonly costTotal: number;
  /** Completed without a person, over all accepted runs. */
  readonly automated: number | null;
  /** Steps done by machine, over all steps done or waiting for a person. */
  readonly agentUtilization: number | null;
  /** Completed runs, from the first start to the last end. */
  readonly tasksPerMinute: number | null;
  /** Runs that failed, or stand still because they did, over all accepted runs. */
  readonly errorRate: number | null;
  /** Steps whose fallback answered, over all steps done. */
  readonly fallbackRate: number | null;
  /** Share right, where the input says what is right. */
  readonly accuracy: readonly AccuracySummary[];
  /** True when a simulated model answered anywhere. */
  readonly simulated: boolean;
}

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
}

export interface StepSummary extends Quantiles {
  readonly step: string;
  readonly kind: string | null;
  readonly count: number;
  readonly retries: number;
}

export interface AccuracySummary {
  readonly of: string;
  /** `automated`: decided without a person; `all`: every answer that there is. */
  readonly among: "automated" | "all";
  readonly right: number;
  readonly n: number;
}

type Batch = { readonly id: string; readonly workflow: string; readonly version: string };

export async function summarise(
  engine: Engine,
  batch: Batch,
  rows: readonly BatchInput[],
  refused: Summary["refused"],
): Promise<Summary> {
  const views: RunView[] = [];
  let fallbacks = 0;
  for (const run of engine.control.batchRuns(batch.id)) {
    const events = await engine.journal.read(`run/${run.id}`);
    views.push(viewRun(run.id, events));
    fallbacks += events.filter(({ type, data }) => type === "step.completed" && data?.fallbackFor).length;
  }
  const steps = views.flatMap((view) => view.steps);
  const completed = views.filter((view) => view.status === "completed");
  const automated = completed.filter((view) => !view.steps.some(byPerson));
  const status: Record<string, number> = {};
  for (const view of views) status[view.status] = (status[view.status] ?? 0) + 1;
  const costTotal = views.reduce((sum, view) => sum + view.costUsd, 0);
  return {
    batch: batch.id,
    workflow: batch.workflow,
    version: batch.version,
    rows: rows.length,
    refused,
    status,
    timeToResult: quantiles(completed.map((view) => (view.endedAt ?? 0) - view.startedAt)),
    steps: stepSummaries(steps),
    costMean: views.length > 0 ? costTotal / views.length : null,
    costTotal,
    automated: views.length > 0 ? automated.length / views.length : null,
    agentUtilization: utilization(steps),
    tasksPerMinute: tasksPerMinute(completed),
    errorRate: shareOf(views.filter(hasFailed).length, views.length),
    fallbackRate: shareOf(fallbacks, steps.filter((step) => step.status === "completed").length),
    accuracy: [...accuracy(automated, "automated"), ...accuracy(views, "all")],
    simulated: steps.some((step) => step.result?.simulated === true),
  };
}

function hasFailed({ status, paused }: RunView): boolean {
  return status === "failed" || status === "expired" || paused?.reason === "failed";
}

function shareOf(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

function tasksPerMinute(completed: readonly RunView[]): number | null {
  if (completed.length === 0) return null;
  const began = Math.min(...completed.map(({ startedAt }) => startedAt));
  const ended = Math.max(...completed.map(({ endedAt }) => endedAt ?? 0));
  return ended > began ? (completed.length * 60_000) / (ended - began) : null;
}

function utilization(steps: readonly StepView[]): number | null {
  const done = steps.filter((step) => step.status === "completed" || byPerson(step));
  return done.length > 0 ? done.filter((step) => !byPerson(step)).length / done.length : null;
}

/** By the step's path in the definition: `items[3].draft` counts as `items.draft`. */
function stepSummaries(steps: readonly StepView[]): StepSummary[] {
  const groups = Map.groupBy(steps, (step) => step.path.replace(/\[\d+\]/g, ""));
  return [...groups].map(([step, members]) => {
    const timed = members.filter((member) => member.status === "completed" && !byPerson(member));
    const times = quantiles(
      timed.map((member) => (member.endedAt ?? 0) - (member.startedAt ?? member.endedAt ?? 0)),
    );
    const retries = members.reduce((sum, member) => sum + Math.max(0, member.attempts - 1), 0);
    return {
      step,
      kind: members[0]?.kind ?? null,
      count: members.length,
      retries,
      p50: times?.p50 ?? 0,
      p95: times?.p95 ?? 0,
    };
  });
}

function accuracy(views: readonly RunView[], among: AccuracySummary["among"]): AccuracySummary[] {
  const counts = new Map<string, { right: number; n: number }>();
  for (const view of views)
    for (const [of, right] of verdicts(view)) {
      const count = counts.get(of) ?? { right: 0, n: 0 };
      counts.set(of, { right: count.right + (right ? 1 : 0), n: count.n + 1 });
    }
  return [...counts].map(([of, count]) => ({ of, among, ...count }));
}

/** Nearest-rank quantiles. */
function quantiles(values: readonly number[]): Quantiles | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => nearestRank(sorted, share) ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}
