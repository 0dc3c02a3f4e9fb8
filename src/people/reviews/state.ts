import type { JournalEvent } from "../../core/journal/index.ts";
import type { ReviewDecided, ReviewEvent, ReviewRequested } from "./events.ts";

export interface Review {
  readonly id: string;
  readonly seq: number;
  readonly status: "open" | "decided" | "withdrawn";
  readonly escalated: boolean;
  readonly requestedAt: number;
  readonly request: ReviewRequested;
  readonly decision: (ReviewDecided & { readonly at: number }) | null;
}

/** A review is the fold of its stream; nothing else may compute it. Pure. */
export function reviewOf(id: string, events: readonly JournalEvent[]): Review | undefined {
  return events.reduce<Review | undefined>((review, event) => evolve(id, review, event), undefined);
}

function evolve(id: string, review: Review | undefined, event: JournalEvent): Review | undefined {
  const { seq, at } = event;
  const known = { type: event.type, data: event.data } as ReviewEvent;
  if (known.type === "review.requested")
    return {
      id,
      seq,
      status: "open",
      escalated: false,
      requestedAt: at,
      request: known.data,
      decision: null,
    };
  if (!review) return undefined;
  switch (known.type) {
    case "review.escalated":
      return { ...review, seq, escalated: true };
    case "review.decided":
      return { ...review, seq, status: "decided", decision: { ...known.data, at } };
    case "review.withdrawn":
      return { ...review, seq, status: "withdrawn" };
  }
}
