import { queryOptions } from "@tanstack/react-query";
import { get, type Page } from "./http.ts";

export interface ModelHealth {
  readonly name: string;
  readonly simulated: boolean;
  readonly region: string | null;
  /** US dollars per token. */
  readonly price: Readonly<Record<string, number>> | null;
  readonly circuit: "closed" | "open" | "half_open";
  readonly coolingMs: number;
  readonly answers: number;
  readonly failures: number;
  readonly share: number;
  readonly latency: { readonly p50Ms: number; readonly p95Ms: number } | null;
}

export interface RouteHealth {
  readonly name: string;
  readonly calls: number;
  readonly failures: number;
  readonly cacheHits: number;
  readonly models: readonly { readonly name: string; readonly answers: number; readonly share: number }[];
}

const everyMs = 5_000;

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: () => get<Page<ModelHealth>>("/v1/models"),
  refetchInterval: everyMs,
});

export const routesQuery = queryOptions({
  queryKey: ["routes"],
  queryFn: () => get<Page<RouteHealth>>("/v1/routes"),
  refetchInterval: everyMs,
});
