import { Hono } from "hono";
import type { Json } from "../../core/base/index.ts";
import type { ReviewRow } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { type Review, type ReviewRequested, readReview } from "../../people/reviews/index.ts";
import { serve } from "../operation.ts";
import { showSettled } from "../runs/index.ts";
import { iso } from "../runs/present.ts";
import { decideReview, getReview, listReviews } from "./schema.ts";

/** A line of a list. */
const gistCharactersMax = 200;

/** `/v1/reviews`: what waits for a person, and the answers. */
export function reviewRoutes(engine: Engine): Hono {
  const routes = new Hono();

  serve(routes, listReviews, async ({ query: { cursor, limit, status, run } }) => {
    const rows = engine.control.reviews({
      limit,
      ...(status ? { status } : {}),
      ...(run ? { run } : {}),
      ...(cursor ? { after: cursor } : {}),
    });
    const items = await Promise.all(rows.map(async (row) => presentRow(row, await requestOf(engine, row))));
    return { items, nextCursor: rows.length === limit ? (rows.at(-1)?.id ?? null) : null };
  });

  serve(routes, getReview, async ({ params }) => presentReview(await readReview(engine.journal, params.id)));

  serve(routes, decideReview, async ({ params, body: { value, comment, decision }, isRepeated }) => {
    const answer = {
      decision,
      reviewer: "local",
      ...(value === undefined ? {} : { value }),
      ...(comment ? { comment } : {}),
    };
    const review = isRepeated
      ? await readReview(engine.journal, params.id)
      : await engine.decide(params.id, answer);
    const run = await showSettled(engine, review.request.run);
    return { ...presentReview(review), runStatus: run.status };
  });

  return routes;
}

/** What was asked, in the words of the stream: no table holds what retention must be able to take. */
async function requestOf({ journal }: Engine, { id }: ReviewRow): Promise<ReviewRequested | null> {
  const [requested] = await journal.read(`review/${id}`);
  return (requested?.data as unknown as ReviewRequested | undefined) ?? null;
}

/** What the draft says, in one line. */
function gistOf(draft: Json): string {
  const text = typeof draft === "string" ? draft : (JSON.stringify(draft) ?? "");
  const line = text
    .slice(0, 4 * gistCharactersMax)
    .replace(/\s+/g, " ")
    .trim();
  return line.length > gistCharactersMax ? `${line.slice(0, gistCharactersMax - 1)}…` : line;
}

function presentRow(row: ReviewRow, request: ReviewRequested | null) {
  return {
    reviewId: row.id,
    runId: row.run,
    path: row.path,
    workflow: row.workflow,
    status: row.status,
    escalated: row.escalated,
    assign: row.assignee,
    requestedAt: iso(row.requestedAt),
    deadline: iso(row.deadline),
    decidedAt: iso(row.decidedAt),
    gist: request ? gistOf(request.draft) : null,
    reason: request?.reason ?? null,
    confidence: request?.confidence ?? null,
  };
}

function presentReview(review: Review) {
  const { request, decision } = review;
  return {
    reviewId: review.id,
    runId: request.run,
    path: request.path,
    workflow: request.workflow,
    status: review.status,
    escalated: review.escalated,
    assign: request.assign,
    requestedAt: iso(review.requestedAt),
    deadline: iso(request.deadline),
    reason: request.reason,
    instructions: request.instructions,
    confidence: request.confidence,
    draft: request.draft,
    evidence: request.evidence,
    decision: decision ? { ...decision, at: iso(decision.at) } : null,
  };
}
