import { queryOptions } from "@tanstack/react-query";
import { api } from "./client.ts";

const everyMs = 5_000;

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: () => api.ask("GET /v1/models"),
  refetchInterval: everyMs,
});

export const routesQuery = queryOptions({
  queryKey: ["routes"],
  queryFn: () => api.ask("GET /v1/routes"),
  refetchInterval: everyMs,
});
