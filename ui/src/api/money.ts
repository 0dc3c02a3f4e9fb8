import { queryOptions } from "@tanstack/react-query";
import { get, type Page } from "./http.ts";

export const costDimensions = ["workflow", "tenant", "feature", "model", "day"] as const;
export type CostDimension = (typeof costDimensions)[number];

export interface CostRow {
  readonly key: string;
  readonly calls: number;
  /** Null where no call had a price. */
  readonly cost: number | null;
  readonly unpriced: number;
  readonly tokens: Readonly<Record<string, number>>;
}

export interface Budget {
  readonly name: string;
  readonly by: string;
  readonly key: string;
  readonly period: string;
  readonly unit: "usd" | "tokens" | "calls";
  readonly limit: number;
  readonly reserved: number;
  readonly spent: number;
  readonly action: string;
  readonly status: "ok" | "alerted" | "exceeded";
  readonly resetsAt: string | null;
}

/** Days are UTC. */
export interface CostQuery {
  readonly by: CostDimension;
  readonly from: string;
  readonly to: string;
}

export function costsQuery({ by, from, to }: CostQuery) {
  return queryOptions({
    queryKey: ["costs", by, from, to],
    queryFn: () => get<{ readonly items: readonly CostRow[] }>("/v1/costs", { by, from, to }),
    refetchInterval: 10_000,
  });
}

export const budgetsQuery = queryOptions({
  queryKey: ["budgets"],
  queryFn: () => get<Page<Budget>>("/v1/budgets", { limit: 200 }),
  refetchInterval: 10_000,
});
