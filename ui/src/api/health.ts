import { queryOptions } from "@tanstack/react-query";
import { api } from "./client.ts";

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: () => api.ask("GET /healthz"),
  refetchInterval: 10_000,
});
