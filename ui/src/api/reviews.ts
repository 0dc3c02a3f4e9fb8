import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Operations, ReviewStatus } from "flyball/client";
import { api, liveEveryMs, pressed } from "./client.ts";

type Answer = Operations["POST /v1/reviews/{id}/decision"]["body"];
export type Decision = Answer["decision"];

export function reviewsQuery(status: ReviewStatus) {
  return queryOptions({
    queryKey: ["reviews", status],
    queryFn: () => api.ask("GET /v1/reviews", { query: { status, limit: 200 } }),
    refetchInterval: liveEveryMs,
  });
}

export function reviewQuery(id: string) {
  return queryOptions({
    queryKey: ["review", id],
    queryFn: () => api.ask("GET /v1/reviews/{id}", { params: { id } }),
  });
}

export function useDecide(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Answer) =>
      api.ask("POST /v1/reviews/{id}/decision", { params: { id }, body, ...pressed() }),
    onSettled: () => {
      client.invalidateQueries({ queryKey: ["reviews"] });
      client.invalidateQueries({ queryKey: ["review", id] });
    },
  });
}
