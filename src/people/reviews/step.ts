import { z } from "zod";
import { derivedId, type Json, type JsonObject, parseDuration } from "../../core/base/index.ts";
import {
  duration,
  expression,
  type Fact,
  type StepContext,
  type StepKind,
  type StepOutcome,
  type Woken,
} from "../../core/workflow/index.ts";
import { ReviewExpired } from "./errors.ts";
import type { ReviewRequested } from "./events.ts";

const configSchema = z.strictObject({
  draft: z.json().describe("What the person approves or corrects."),
  evidence: z.json().optional().describe("What the draft rests on; the review keeps its own copy."),
  confidence: expression(z.number().min(0).max(1).nullable())
    .optional()
    .describe("How sure the machine is, 0 to 1."),
  below: expression(z.number().min(0).max(1))
    .optional()
    .describe("Ask when the confidence is lower, or absent."),
  when: z.union([z.boolean(), z.string()]).optional().describe("Ask when this holds."),
  assign: z.string().optional().describe("Who is asked: a person or a group."),
  instructions: z.string().optional().describe("What the reviewer should look at."),
  within: duration().optional().describe("Until when an answer is expected, such as 4h."),
  onTimeout: z
    .enum(["escalate", "reject", "fail"])
    .default("escalate")
    .describe("What a passed deadline means."),
  onReject: z.enum(["end", "continue"]).default("end").describe("Whether a rejection ends the run."),
});

type Config = {
  draft: Json;
  evidence?: Json;
  confidence?: Json;
  below?: number;
  when?: Json;
  assign?: string;
  instructions?: string;
  within?: string | number;
  onTimeout?: "escalate" | "reject" | "fail";
  onReject?: "end" | "continue";
};

/** Asks a person, or approves the draft where the rules say that none need be asked. */
export const humanReviewKind: StepKind = {
  name: "human_review",
  summary: "Asks a person to approve, correct or reject a draft.",
  config: configSchema,
  fields: ["decision", "reviewer", "comment", "review"],
  callsOut: false,
  effect: () => "none",
  execute(config, context) {
    const review = config as unknown as Config;
    const reason = reasonToAsk(review);
    if (!reason) return { result: unasked(review) };
    // A shadow takes up nobody's time: it goes on as if the draft had been right.
    if (context.effects === "simulated") return { result: { ...unasked(review), simulated: true } };
    return ask(review, reason, context);
  },
  resume(config, woken, context) {
    return woken.by === "review"
      ? answered(config as unknown as Config, woken)
      : expired(config as unknown as Config, context);
  },
};

function unasked({ draft }: Config) {
  return { value: draft, decision: "auto", reviewer: null, comment: null, review: null };
}

function reasonToAsk(config: Config): ReviewRequested["reason"] | undefined {
  if (config.below === undefined && config.when === undefined) return "always";
  if (isTrue(config.when)) return "rule";
  if (config.below === undefined) return undefined;
  if (typeof config.confidence !== "number") return "no confidence";
  return config.confidence < Number(config.below) ? "low confidence" : undefined;
}

/** An expression with text around it comes out as text: `"False"` must not ask. */
function isTrue(value: Json | undefined): boolean {
  return value === true || (typeof value === "string" && ["true", "yes"].includes(value.toLowerCase()));
}

function ask(config: Config, reason: ReviewRequested["reason"], context: StepContext): StepOutcome {
  const now = context.clock.now();
  const id = derivedId("review", context.key, String(now));
  const deadline = config.within === undefined ? null : now + parseDuration(config.within);
  const request: ReviewRequested = {
    run: context.runId,
    path: context.path,
    workflow: context.workflow,
    draft: config.draft,
    evidence: config.evidence ?? null,
    confidence: typeof config.confidence === "number" ? config.confidence : null,
    reason,
    instructions: config.instructions ?? null,
    assign: config.assign ?? null,
    deadline,
  };
  const data = { ...request } as JsonObject;
  return {
    wait: { for: "review", key: id, ...(deadline === null ? {} : { dueAt: deadline, deadline }) },
    facts: [{ stream: `review/${id}`, expectedSeq: 0, type: "review.requested", data }],
  };
}

function answered(config: Config, { decision }: Extract<Woken, { by: "review" }>): StepOutcome {
  const { reviewer } = decision;
  const comment = decision.comment ?? null;
  if (decision.decision === "reject" && config.onReject !== "continue")
    return { rejected: { by: reviewer, comment } };
  return {
    result: { value: decision.value ?? null, decision: decision.decision, reviewer, comment, review: null },
  };
}

/** A missing answer never counts as approval. */
function expired(config: Config, context: StepContext): StepOutcome {
  const id = context.waitKey ?? "";
  const escalated: Fact = {
    stream: `review/${id}`,
    type: "review.escalated",
    data: { by: "deadline", comment: null },
  };
  const withdrawn: Fact = {
    stream: `review/${id}`,
    type: "review.withdrawn",
    data: { reason: "nobody answered in time" },
  };
  switch (config.onTimeout) {
    case "reject":
      return { rejected: { by: "deadline", comment: "nobody answered in time" }, facts: [withdrawn] };
    case "fail":
      throw new ReviewExpired(context.path);
    default:
      return { wait: { for: "review", key: id }, facts: [escalated] };
  }
}
