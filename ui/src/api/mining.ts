import { queryOptions } from "@tanstack/react-query";
import type { Operations } from "flyball/client";
import { api } from "./client.ts";

/** Whose runs, of which days (UTC), and what counts as an activity. */
export type MiningQuery = Pick<
  NonNullable<Operations["GET /v1/mining"]["query"]>,
  "workflow" | "from" | "to" | "activity"
>;

/** Ways that are listed one by one. */
const variantsMax = 200;

/** The server reads its whole journal for it, so it is not asked for again by itself. */
export function miningQuery(query: MiningQuery) {
  return queryOptions({
    queryKey: ["mining", query],
    queryFn: () => api.ask("GET /v1/mining", { query: { ...query, variants: variantsMax } }),
    staleTime: 60_000,
  });
}

/** Where the same runs are as an event log for other tools. */
export function logAddress(query: MiningQuery, format: "xes" | "csv"): string {
  const search = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, value);
  return `/v1/mining/log?${search}`;
}
