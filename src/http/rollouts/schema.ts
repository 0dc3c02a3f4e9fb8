import { z } from "zod";
import { parseShare } from "../../core/base/index.ts";
import { rolloutModes } from "../../core/registry/index.ts";
import { operation } from "../operation.ts";
import { jsonObject, list, moment, once, page, reason, share } from "../schema.ts";

const written = z.union([z.number(), z.string()]);
const writtenShare = written.transform(parseShare).describe("A share such as 10% or 0.1.");
const status = z.enum(["running", "promoted", "rolled_back"]).meta({ id: "RolloutStatus" });
const mode = z.enum(rolloutModes);

const guard = once(() =>
  z
    .object({ metric: z.string(), max: z.number().optional(), min: z.number().optional(), minRuns: z.int() })
    .meta({ id: "Guard" }),
);

const row = once(() =>
  z
    .object({
      id: z.string(),
      asset: z.string(),
      mode,
      status,
      share: z.number(),
      from: z.string(),
      to: z.string(),
      by: z.string().nullable(),
      guards: list(guard()),
      startedBy: z.string(),
      startedAt: moment,
      endedAt: moment.nullable(),
      reason: z.string().nullable(),
    })
    .meta({ id: "RolloutRow" }),
);

const arm = once(() =>
  z
    .object({
      runs: z.int(),
      failed: z.int(),
      errorRate: share.nullable(),
      latencyP50Ms: z.number().nullable(),
      latencyP95Ms: z.number().nullable(),
      costMeanUsd: z.number().nullable(),
      scores: z.record(z.string(), z.object({ n: z.int(), mean: z.number() })).readonly(),
    })
    .meta({ id: "ArmFigures" }),
);

const rollout = once(() =>
  row()
    .extend({
      arms: z.object({ from: arm(), to: arm() }),
      events: list(
        z.object({ type: z.string(), at: moment, actor: z.string(), data: jsonObject.nullable() }),
      ),
    })
    .meta({ id: "Rollout" }),
);

export const listRollouts = operation({
  id: "listRollouts",
  method: "get",
  path: "/v1/rollouts",
  summary: "How new runs are, or were, split between two versions of an asset.",
  query: z.object({ status: status.optional() }),
  answer: () => page(row()),
  tagged: "text",
});

export const startRollout = operation({
  id: "startRollout",
  method: "post",
  path: "/v1/rollouts",
  summary: "Starts a rollout.",
  body: z.strictObject({
    asset: z.string().regex(/^[a-z_]+\/.+$/, "expected KIND/NAME, such as prompt/classify"),
    from: z.string().min(1).max(100).optional(),
    to: z.string().min(1).max(100),
    mode: mode.default("canary"),
    share: writtenShare,
    by: z.string().min(1).max(1_000).optional(),
    guards: z
      .array(
        z.strictObject({
          metric: z.string().min(1).max(200),
          max: written.optional(),
          min: written.optional(),
          minRuns: z.int().min(1).max(1_000_000).optional(),
        }),
      )
      .max(20)
      .default([]),
  }),
  answer: rollout,
  statuses: [201],
  takesKey: "recorded",
  makes: "/v1/rollouts",
});

export const getRollout = operation({
  id: "getRollout",
  method: "get",
  path: "/v1/rollouts/{id}",
  summary: "A rollout with what each arm came to.",
  answer: rollout,
  tagged: "text",
});

export const resizeRollout = operation({
  id: "resizeRollout",
  method: "post",
  path: "/v1/rollouts/{id}/share",
  summary: "Changes its share.",
  body: z.strictObject({ share: writtenShare }),
  answer: rollout,
  takesKey: "recorded",
});

export const promoteRollout = operation({
  id: "promoteRollout",
  method: "post",
  path: "/v1/rollouts/{id}/promote",
  summary: "Ends it: everybody gets the new version.",
  body: z.strictObject({ reason }),
  answer: rollout,
  takesKey: "recorded",
});

export const rollBack = operation({
  id: "rollBack",
  method: "post",
  path: "/v1/rollouts/{id}/rollback",
  summary: "Ends it, or takes it back after it was promoted: everybody gets the old version.",
  body: z.strictObject({ reason: z.string().min(1).max(2_000) }),
  answer: rollout,
  takesKey: "recorded",
});
