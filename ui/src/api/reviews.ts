import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { get, liveEveryMs, type Page, send } from "./http.ts";

export type ReviewStatus = "open" | "decided" | "withdrawn";

export interface ReviewRow {
  readonly reviewId: string;
  readonly runId: string;
  readonly path: string;
  readonly workflow: string;
  readonly status: ReviewStatus;
  readonly escalated: boolean;
  readonly assign: string | null;
  readonly requestedAt: string;
  readonly deadline: string | null;
}

export interface Review extends ReviewRow {
  readonly reason: string;
  readonly instructions: string | null;
  readonly confidence: number | null;
  readonly draft: unknown;
  readonly evidence: unknown;
  readonly decision: {
    readonly decision: string;
    readonly value?: unknown;
    readonly reviewer: string;
    readonly comment?: string;
    readonly at: string;
  } | null;
}

export type Decision = "approve" | "correct" | "reject" | "escalate";

export function reviewsQuery(status: ReviewStatus) {
  return queryOptions({
    queryKey: ["reviews", status],
    queryFn: () => get<Page<ReviewRow>>("/v1/reviews", { status, limit: 200 }),
    refetchInterval: liveEveryMs,
  });
}

export function reviewQuery(id: string) {
  return queryOptions({ queryKey: ["review", id], queryFn: () => get<Review>(`/v1/reviews/${id}`) });
}

export function useDecide(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { decision: Decision; value?: unknown; comment?: string }) =>
      send<Review>("POST", `/v1/reviews/${id}/decision`, body),
    onSettled: () => {
      client.invalidateQueries({ queryKey: ["reviews"] });
      client.invalidateQueries({ queryKey: ["review", id] });
    },
  });
}
