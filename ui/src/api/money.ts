import { queryOptions } from "@tanstack/react-query";
import { api } from "./client.ts";

export const costDimensions = ["workflow", "tenant", "feature", "model", "day"] as const;

/** Days are UTC. */
export interface CostQuery {
  readonly by: (typeof costDimensions)[number];
  readonly from: string;
  readonly to: string;
}

export function costsQuery({ by, from, to }: CostQuery) {
  return queryOptions({
    queryKey: ["costs", by, from, to],
    queryFn: () => api.ask("GET /v1/costs", { query: { by, from, to } }),
    refetchInterval: 10_000,
  });
}

export const budgetsQuery = queryOptions({
  queryKey: ["budgets"],
  queryFn: () => api.ask("GET /v1/budgets", { query: { limit: 200 } }),
  refetchInterval: 10_000,
});
