import { Hono } from "hono";
import { z } from "zod";
import type { ReviewRow } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { type Review, readReview } from "../../people/reviews/index.ts";
import { anyJson, bodyOf, queryOf } from "../problem.ts";
import { showSettled } from "../runs/index.ts";
import { iso } from "../runs/present.ts";

const listQuery = z.object({
  status: z.enum(["open", "decided", "withdrawn"]).optional(),
  run: z.string().optional(),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
});
const decisionBody = z.strictObject({
  decision: z.enum(["approve", "correct", "reject", "escalate"]),
  value: anyJson.optional(),
  comment: z.string().max(10_000).optional(),
});

/** `/v1/reviews`: what waits for a person, and the answers. */
export function reviewRoutes(engine: Engine): Hono {
  const routes = new Hono();

  routes.get("/", (context) => {
    const { cursor, limit, status, run } = queryOf(context, listQuery);
    const filter = {
      limit,
      ...(status ? { status } : {}),
      ...(run ? { run } : {}),
      ...(cursor ? { after: cursor } : {}),
    };
    const rows = engine.control.reviews(filter);
    return context.json({
      items: rows.map(presentRow),
      nextCursor: rows.length === limit ? (rows.at(-1)?.id ?? null) : null,
    });
  });

  routes.get("/:id", async (context) =>
    context.json(presentReview(await readReview(engine.journal, context.req.param("id")))),
  );

  routes.post("/:id/decision", async (context) => {
    const { value, comment, decision } = await bodyOf(context, decisionBody);
    const answer = {
      decision,
      reviewer: "local",
      ...(value === undefined ? {} : { value }),
      ...(comment ? { comment } : {}),
    };
    const review = await engine.decide(context.req.param("id"), answer);
    const run = await showSettled(engine, review.request.run);
    return context.json({ ...presentReview(review), runStatus: run.status });
  });

  return routes;
}

function presentRow(row: ReviewRow) {
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
