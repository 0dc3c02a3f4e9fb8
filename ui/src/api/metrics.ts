import { queryOptions } from "@tanstack/react-query";
import { api } from "./client.ts";

export function metricsQuery(workflow: string) {
  return queryOptions({
    queryKey: ["metrics", workflow],
    queryFn: () =>
      api.ask("GET /v1/workflows/{name}/metrics", { params: { name: workflow }, query: { window: "7d" } }),
    refetchInterval: 10_000,
  });
}
