import { derivedId, type Json, type JsonObject } from "../../core/base/index.ts";
import { commandAppend } from "../../core/executor/index.ts";
import { type Append, type Journal, StaleAppend } from "../../core/journal/index.ts";
import { DecisionInvalid, ReviewNotFound, ReviewNotOpen } from "./errors.ts";
import { type Review, reviewOf } from "./state.ts";

export interface DecisionRequest {
  readonly decision: "approve" | "correct" | "reject" | "escalate";
  readonly value?: Json;
  readonly comment?: string;
  readonly reviewer: string;
}

export async function readReview(journal: Journal, id: string): Promise<Review> {
  const review = reviewOf(id, await journal.read(`review/${id}`));
  if (!review) throw new ReviewNotFound(id);
  return review;
}

/**
 * Records a person's answer. The answer and its place in the run's inbox share one commit, and only the
 * first answer fits: a second one, however close, is `ReviewNotOpen`. Resolves with the review and, when
 * the run should go on, its id.
 */
export async function decide(journal: Journal, id: string, request: DecisionRequest): Promise<Review> {
  const review = await readReview(journal, id);
  if (review.status !== "open") throw notOpen(review);
  if (request.decision === "correct" && request.value === undefined)
    throw new DecisionInvalid("A correction needs the corrected `value`.");
  try {
    await journal.append(
      request.decision === "escalate" ? [escalation(review, request)] : answer(review, request),
    );
  } catch (error) {
    if (!(error instanceof StaleAppend)) throw error;
    const now = await readReview(journal, id);
    // Its deadline came at the same moment, and it was escalated: the answer still counts.
    if (now.status === "open") return decide(journal, id, request);
    throw notOpen(now);
  }
  return readReview(journal, id);
}

function notOpen(review: Review): ReviewNotOpen {
  return new ReviewNotOpen(review.id, review.status, review.decision?.reviewer ?? null);
}

function escalation(review: Review, request: DecisionRequest): Append {
  return reviewAppend(
    review,
    "review.escalated",
    { by: request.reviewer, comment: request.comment ?? null },
    request.reviewer,
  );
}

function answer(review: Review, request: DecisionRequest): Append[] {
  const { decision, reviewer } = request;
  const value =
    decision === "approve" ? review.request.draft : decision === "correct" ? (request.value ?? null) : null;
  const comment = request.comment ?? null;
  const decided = reviewAppend(review, "review.decided", { decision, value, reviewer, comment }, reviewer);
  const told = { decision, value, reviewer, ...(request.comment ? { comment: request.comment } : {}) };
  const id = derivedId("decision", review.id);
  return [
    decided,
    commandAppend(review.request.run, id, { kind: "decision", review: review.id, decision: told }),
  ];
}

function reviewAppend(review: Review, type: string, data: JsonObject, actor: string): Append {
  return { stream: `review/${review.id}`, expectedSeq: review.seq, actor, events: [{ type, data }] };
}
