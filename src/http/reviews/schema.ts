import { z } from "zod";
import { runStatuses } from "../../core/executor/index.ts";
import { pageItemsMax } from "../limits.ts";
import { operation } from "../operation.ts";
import { anyJson, limit, moment, once, page } from "../schema.ts";

const status = z.enum(["open", "decided", "withdrawn"]).meta({ id: "ReviewStatus" });
const reason = z.enum(["always", "low confidence", "no confidence", "rule"]);

const about = once(() =>
  z.object({
    reviewId: z.string(),
    runId: z.string(),
    path: z.string(),
    workflow: z.string(),
    status,
    escalated: z.boolean(),
    assign: z.string().nullable(),
    requestedAt: moment,
    deadline: moment.nullable(),
  }),
);

const reviewRow = once(() =>
  about()
    .extend({
      decidedAt: moment.nullable(),
      gist: z.string().nullable().describe("What the draft says, in one line; null when retention took it."),
      reason: reason.nullable().describe("Why a person is asked."),
      confidence: z.number().nullable(),
    })
    .meta({ id: "ReviewRow" }),
);

const review = once(() =>
  about()
    .extend({
      reason,
      instructions: z.string().nullable(),
      confidence: z.number().nullable(),
      draft: anyJson,
      evidence: anyJson,
      decision: z
        .object({
          decision: z.enum(["approve", "correct", "reject"]),
          value: anyJson,
          reviewer: z.string(),
          comment: z.string().nullable(),
          at: moment,
        })
        .nullable(),
    })
    .meta({ id: "Review" }),
);

export const listReviews = operation({
  id: "listReviews",
  method: "get",
  path: "/v1/reviews",
  summary: "What waits, or waited, for a person, oldest first.",
  query: z.object({
    status: status.optional(),
    run: z.string().optional(),
    cursor: z.string().optional(),
    limit: limit(50, pageItemsMax),
  }),
  answer: () => page(reviewRow()),
  tagged: "journal",
});

export const getReview = operation({
  id: "getReview",
  method: "get",
  path: "/v1/reviews/{id}",
  summary: "A review with its draft and evidence.",
  answer: review,
  tagged: "journal",
});

export const decideReview = operation({
  id: "decideReview",
  method: "post",
  path: "/v1/reviews/{id}/decision",
  summary: "A person's answer; a second one is refused.",
  body: z.strictObject({
    decision: z.enum(["approve", "correct", "reject", "escalate"]),
    value: anyJson.optional(),
    comment: z.string().max(10_000).optional(),
  }),
  answer: () =>
    review()
      .extend({ runStatus: z.enum(runStatuses) })
      .meta({ id: "DecidedReview" }),
  takesKey: "shown",
});
