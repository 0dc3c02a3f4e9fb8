import { queryOptions } from "@tanstack/react-query";
import { api } from "./client.ts";

export const alertsQuery = queryOptions({
  queryKey: ["alerts"],
  queryFn: () => api.ask("GET /v1/alerts", { query: { limit: 20 } }),
  refetchInterval: 10_000,
});

/** However many have come since, none that is open is missed. */
export const openAlertsQuery = queryOptions({
  queryKey: ["alerts", "open"],
  queryFn: () => api.ask("GET /v1/alerts", { query: { status: "open", limit: 200 } }),
  refetchInterval: 10_000,
});
