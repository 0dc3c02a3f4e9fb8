import type { ActivityTimes, Mined, MiningEdge, Variant } from "flyball/client";
import { formatDuration, formatMoney } from "./format.ts";

/** What the edges and boxes of the map tell. */
export const measures = ["frequency", "service", "queue", "people", "other waits", "cost"] as const;
export type Measure = (typeof measures)[number];

/** Edges that are drawn at most: more are a picture of nothing. */
const edgesDrawnMax = 300;
/** A bottleneck is marked when so much of the time of all edges is waited there. */
const bottleneckShare = 0.1;

export interface MapActivity {
  readonly name: string;
  readonly count: number;
  readonly times: ActivityTimes;
  /** How often it was done again, and in how many cases. */
  readonly rework: { readonly cases: number; readonly repeats: number } | undefined;
  /** Cases that begin, and end, with it. */
  readonly starts: number;
  readonly ends: number;
}

export interface MapEdge extends MiningEdge {
  readonly bottleneck: Mined["bottlenecks"][number] | undefined;
}

export interface ProcessMap {
  readonly activities: readonly MapActivity[];
  readonly edges: readonly MapEdge[];
  /** The ways that are shown, and the share of the cases that went them. */
  readonly variants: readonly Variant[];
  readonly share: number;
}

/** The most frequent ways, as many as hold this share of the cases, with all figures of what stands on them. Pure. */
export function mapOf(mined: Mined, share: number): ProcessMap {
  const variants = mostFrequent(mined.topVariants, share);
  const isAll = share >= 1;
  const onWays = new Set(variants.flatMap(({ activities }) => pairsOf(activities)));
  const edges = mined.edges
    .filter(({ from, to }) => isAll || onWays.has(pairKey(from, to)))
    .slice(0, edgesDrawnMax)
    .map((edge) => ({ ...edge, bottleneck: bottleneckOf(mined, edge) }));
  const named = new Set([
    ...edges.flatMap(({ from, to }) => [from, to]),
    ...variants.flatMap(({ activities }) => activities),
  ]);
  return {
    activities: mined.activityTimes.filter(({ activity }) => named.has(activity)).map(activityOf(mined)),
    edges,
    variants,
    share: isAll ? 1 : variants.reduce((sum, variant) => sum + variant.share, 0),
  };
}

/** At least one, whatever the share. */
function mostFrequent(variants: readonly Variant[], share: number): readonly Variant[] {
  let held = 0;
  return variants.filter((variant, index) => {
    const isShown = index === 0 || held < share - 1e-9;
    held += variant.share;
    return isShown;
  });
}

/** Names may have any character, so the pair is written as JSON. */
export function pairKey(from: string, to: string): string {
  return JSON.stringify([from, to]);
}

/** What a way leads from and to, step by step. */
export function pairsOf(activities: readonly string[]): readonly string[] {
  return activities.slice(1).map((to, index) => pairKey(activities[index] ?? "", to));
}

function bottleneckOf({ bottlenecks }: Mined, { from, to }: MiningEdge): MapEdge["bottleneck"] {
  return bottlenecks.find((each) => each.from === from && each.to === to && each.share >= bottleneckShare);
}

function activityOf({ rework, startActivities, endActivities }: Mined) {
  return (times: ActivityTimes): MapActivity => ({
    name: times.activity,
    count: times.count,
    times,
    rework: rework.find(({ activity }) => activity === times.activity),
    starts: startActivities[times.activity] ?? 0,
    ends: endActivities[times.activity] ?? 0,
  });
}

/** Where time went, and what it cost. */
export type Times = Pick<MiningEdge, "service" | "queue" | "human" | "external" | "cost">;
type Measured = Times & Pick<MiningEdge, "count">;

/** Times are means of what is known, costs are of all together; what is not known is null. */
export function measureOf(measured: Measured, measure: Measure): number | null {
  switch (measure) {
    case "frequency":
      return measured.count;
    case "service":
      return measured.service?.meanMs ?? null;
    case "queue":
      return measured.queue?.meanMs ?? null;
    case "people":
      return measured.human?.meanMs ?? null;
    case "other waits":
      return measured.external?.meanMs ?? null;
    case "cost":
      return measured.cost;
  }
}

export function showMeasure(value: number | null, measure: Measure): string {
  if (value === null) return "–";
  if (measure === "frequency") return value.toLocaleString("en");
  return measure === "cost" ? formatMoney(value) : formatDuration(value);
}
