import { queryOptions } from "@tanstack/react-query";
import { api } from "./client.ts";

export function stepQuery(run: string, path: string) {
  return queryOptions({
    queryKey: ["run", run, "step", path],
    queryFn: () => api.ask("GET /v1/runs/{id}/steps/{path}", { params: { id: run, path } }),
  });
}
