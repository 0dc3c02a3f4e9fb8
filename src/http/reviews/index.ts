import { Hono } from "hono";
import { z } from "zod";
import type { Json } from "../../core/base/index.ts";
import type { ReviewRow } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { type Review, type ReviewRequested, readReview } from "../../people/reviews/index.ts";
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

/** A line of a list. */
const gistCharactersMax = 200;

/** `/v1/reviews`: what waits for a person, and the answers. */
export function reviewRoutes(engine: Engine): Hono {
  const routes = new Hono();

  routes.get("/", async (context) => {
    const { cursor, limit, status, run } = queryOf(context, listQuery);
    const filter = {
      limit,
      ...(status ? { status } : {}),
      ...(run ? { run } : {}),
      ...(cursor ? { after: cursor } : {}),
    };
    const rows = engine.control.reviews(filter);
    const items = await Promise.all(rows.map(async (row) => presentRow(row, await requestOf(engine, row))));
    return context.json({
      items,
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
