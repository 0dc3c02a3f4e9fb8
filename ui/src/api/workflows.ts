import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Operations } from "flyball/client";
import { api, pressed } from "./client.ts";

export const workflowsQuery = queryOptions({
  queryKey: ["workflows"],
  queryFn: () => api.ask("GET /v1/workflows"),
  staleTime: 10_000,
});

export function useStartRun(workflow: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Operations["POST /v1/workflows/{name}/runs"]["body"]) =>
      api.ask("POST /v1/workflows/{name}/runs", { params: { name: workflow }, body, ...pressed() }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
}
