import { queryOptions } from "@tanstack/react-query";
import type { Operations, ReviewStatus } from "flyball/client";
import { api, liveEveryMs, pressed, useChange } from "./client.ts";

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
  return useChange(
    (body: Answer) => api.ask("POST /v1/reviews/{id}/decision", { params: { id }, body, ...pressed() }),
    ["reviews", ["review", id]],
  );
}
