import { type Dfg, dfgOf } from "./dfg.ts";
import { handoversOf } from "./handovers.ts";
import { handoversShownMax } from "./limits.ts";
import type { EventLog } from "./log.ts";
import { type Duration, type EdgeTimes, type Performance, performanceOf, type Times } from "./performance.ts";
import { reworkOf } from "./rework.ts";
import { type Variant, variantsOf } from "./variants.ts";

/** What an event log shows, by names: what the command prints, the API answers and the console draws. */
export interface Summary {
  readonly cases: number;
  readonly events: number;
  /** How many different ones there are. */
  readonly activities: number;
  readonly variants: number;
  /** What directly follows what, and how often: the most frequent first. */
  readonly dfg: readonly (readonly [from: string, to: string, count: number])[];
  readonly startActivities: Readonly<Record<string, number>>;
  readonly endActivities: Readonly<Record<string, number>>;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  readonly caseDuration: Duration | null;
  readonly topVariants: readonly ShownVariant[];
  /** The edges of `dfg`, in its order, with their times. */
  readonly edges: readonly ShownEdge[];
  /** The most frequent first. */
  readonly activityTimes: readonly (Times & { readonly activity: string; readonly count: number })[];
  readonly rework: readonly { readonly activity: string; readonly cases: number; readonly repeats: number }[];
  readonly handovers: readonly { readonly from: string; readonly to: string; readonly count: number }[];
  /** Where the time goes, the worst first. */
  readonly bottlenecks: readonly Bottleneck[];
  /** What is not in these figures, and why. */
  readonly notes: readonly string[];
}

export interface ShownVariant {
  readonly activities: readonly string[];
  readonly cases: number;
  /** Of all cases, 0 to 1. */
  readonly share: number;
  readonly duration: Duration | null;
  /** Of all its cases together, in the unit of the log. */
  readonly cost: number | null;
  /** The name of its first case. */
  readonly example: string;
}

export interface ShownEdge extends EdgeTimes {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

export interface Bottleneck {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  /** The largest part of the waiting; `elapsed` where the log does not tell waiting from work. */
  readonly of: "queue" | "human" | "external" | "elapsed";
  readonly waitMs: number;
  /** Of the time of all edges, 0 to 1. */
  readonly share: number;
}

export interface SummaryOptions {
  /** How many variants are told one by one. */
  readonly variantsMax: number;
  readonly notes?: readonly string[];
}

export const variantsShownDefault = 10;
const bottlenecksShown = 10;

export function summarize(log: EventLog, { variantsMax, notes = [] }: SummaryOptions): Summary {
  const dfg = dfgOf(log);
  const performance = performanceOf(log, dfg);
  const variants = variantsOf(log);
  const edges = shownEdges(log, dfg, performance);
  const counts = new Uint32Array(log.activities.length);
  for (const activity of log.activity) counts[activity] = (counts[activity] ?? 0) + 1;
  return {
    cases: log.cases.length,
    events: log.activity.length,
    activities: log.activities.length,
    variants: variants.length,
    dfg: edges.map(({ from, to, count }) => [from, to, count]),
    startActivities: byName(log, dfg.starts),
    endActivities: byName(log, dfg.ends),
    firstAt: dateText(performance.firstAt),
    lastAt: dateText(performance.lastAt),
    caseDuration: performance.cases,
    topVariants: variants.slice(0, variantsMax).map((variant) => shownVariant(log, variant)),
    edges,
    activityTimes: log.activities
      .map((activity, index) => ({ activity, count: counts[index] ?? 0, ...timesAt(performance, index) }))
      .sort((one, other) => other.count - one.count || compare(one.activity, other.activity)),
    rework: reworkOf(log).map(({ activity, ...rest }) => ({
      activity: log.activities[activity] ?? "",
      ...rest,
    })),
    handovers: handoversOf(log)
      .slice(0, handoversShownMax)
      .map(({ from, to, count }) => ({
        from: log.resources[from] ?? "",
        to: log.resources[to] ?? "",
        count,
      })),
    bottlenecks: bottlenecksOf(edges),
    notes,
  };
}

const timesUnknown: Times = { service: null, queue: null, human: null, external: null, cost: null };

function timesAt({ activities }: Performance, index: number): Times {
  return activities[index] ?? timesUnknown;
}

function shownEdges(log: EventLog, dfg: Dfg, performance: Performance): readonly ShownEdge[] {
  return performance.edges
    .map((times, edge) => ({
      from: log.activities[dfg.from[edge] ?? 0] ?? "",
      to: log.activities[dfg.to[edge] ?? 0] ?? "",
      count: dfg.count[edge] ?? 0,
      ...times,
    }))
    .sort(
      (one, other) => other.count - one.count || compare(one.from, other.from) || compare(one.to, other.to),
    );
}

/** By code units: the same order on every machine, whatever its language. */
function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function byName(log: EventLog, counts: Uint32Array): Readonly<Record<string, number>> {
  const entries = log.activities.map((name, index) => [name, counts[index] ?? 0] as const);
  return Object.fromEntries(
    entries
      .filter(([, count]) => count > 0)
      .sort(([one, count], [other, more]) => more - count || compare(one, other)),
  );
}

function shownVariant(log: EventLog, { path, cases, first, ...times }: Variant): ShownVariant {
  return {
    activities: path.map((activity) => log.activities[activity] ?? ""),
    cases,
    share: cases / log.cases.length,
    ...times,
    example: log.cases[first] ?? "",
  };
}

function dateText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function bottlenecksOf(edges: readonly ShownEdge[]): readonly Bottleneck[] {
  const all = edges.reduce((sum, { elapsed }) => sum + (elapsed?.totalMs ?? 0), 0);
  return edges
    .map(({ from, to, count, ...times }) => {
      const { of, waitMs } = waitOf(times);
      return { from, to, count, of, waitMs, share: all > 0 ? waitMs / all : 0 };
    })
    .filter(({ waitMs }) => waitMs > 0)
    .sort((one, other) => other.waitMs - one.waitMs)
    .slice(0, bottlenecksShown);
}

function waitOf({ elapsed, queue, human, external }: EdgeTimes): Pick<Bottleneck, "of" | "waitMs"> {
  const parts = (
    Object.entries({ queue, human, external }) as ["queue" | "human" | "external", Times["queue"]][]
  )
    .flatMap(([of, part]) => (part ? [{ of, waitMs: part.totalMs }] : []))
    .sort((one, other) => other.waitMs - one.waitMs);
  const waitMs = parts.reduce((sum, part) => sum + part.waitMs, 0);
  return parts[0] ? { of: parts[0].of, waitMs } : { of: "elapsed", waitMs: elapsed?.totalMs ?? 0 };
}
