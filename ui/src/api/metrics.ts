import { queryOptions } from "@tanstack/react-query";
import { get } from "./http.ts";

export interface Targets {
  readonly automated?: number;
  readonly accuracy?: number;
  readonly timeToResultP50Ms?: number;
  readonly costMeanUsd?: number;
  readonly reviewMinutesMean?: number;
}

/** What is null has not been measured. */
export interface Figures {
  readonly runs: number;
  readonly automated: number | null;
  readonly accuracy: { readonly share: number; readonly n: number; readonly from: string } | null;
  readonly timeToResultP50Ms: number | null;
  readonly costMeanUsd: number | null;
  readonly reviewMinutesMean: number | null;
  readonly errorRate: number | null;
  readonly simulated: boolean;
}

interface Metrics {
  readonly workflow: string;
  readonly targets: Targets;
  readonly from: string;
  readonly to: string;
  readonly actual: Figures;
  readonly days: readonly (Figures & { readonly day: string })[];
}

export function metricsQuery(workflow: string) {
  return queryOptions({
    queryKey: ["metrics", workflow],
    queryFn: () => get<Metrics>(`/v1/workflows/${encodeURIComponent(workflow)}/metrics`, { window: "7d" }),
    refetchInterval: 10_000,
  });
}
