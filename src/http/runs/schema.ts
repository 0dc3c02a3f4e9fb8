import { z } from "zod";
import { runStatuses } from "../../core/executor/index.ts";
import { pageItemsMax } from "../limits.ts";
import { operation } from "../operation.ts";
import {
  anyJson,
  journalEvent,
  jsonObject,
  limit,
  list,
  message,
  moment,
  once,
  page,
  reason,
} from "../schema.ts";

const tag = z
  .string()
  .max(400)
  .regex(/^[^=]+=/, "expected a name and a value, such as tenant=acme")
  .transform((text): [string, string] => {
    const at = text.indexOf("=");
    return [text.slice(0, at), text.slice(at + 1)];
  });

/** A day is the moment at which it begins (UTC). */
const bound = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], { error: "expected a moment of ISO 8601" })
  .transform((text) => Date.parse(text));

const listQuery = z.object({
  workflow: z.string().optional(),
  status: z.enum(runStatuses).optional(),
  batch: z.string().optional(),
  shadows: z.stringbool().default(false),
  tag: z
    .preprocess((value) => [value ?? []].flat(), z.array(tag).max(20))
    .transform((tags) => Object.fromEntries(tags))
    .describe("A name and a value, such as tenant=acme; may be repeated."),
  q: z.string().max(200).optional().describe("Stands in the id, the workflow's name, the error or the tags."),
  costMin: z.coerce.number().min(0).optional(),
  costMax: z.coerce.number().min(0).optional(),
  from: bound.optional(),
  to: bound.optional(),
  cursor: z.string().optional(),
  limit: limit(50, pageItemsMax),
});
export type RunQuery = z.output<typeof listQuery>;

export const failure = once(() =>
  z
    .looseObject({ code: z.string(), message: z.string(), costUsd: z.number().optional() })
    .meta({ id: "Failure" }),
);

const waiting = once(() =>
  z
    .object({
      for: z.string(),
      path: z.string().optional(),
      key: z.string().nullable(),
      since: moment.nullable(),
      deadline: moment.nullable(),
      dueAt: moment.nullable(),
    })
    .meta({ id: "Waiting" }),
);

const runRow = once(() =>
  z
    .object({
      runId: z.string(),
      workflow: z.string(),
      version: z.string(),
      batch: z.string().nullable(),
      row: z.int().nullable(),
      status: z.enum(runStatuses).meta({ id: "RunStatus" }),
      waiting: waiting().nullable(),
      error: failure().nullable(),
      parent: z.string().nullable(),
      shadowOf: z.string().nullable(),
      tags: z.record(z.string(), z.string()),
      startedAt: moment,
      endedAt: moment.nullable(),
      expiresAt: moment.nullable(),
      cost: z.number().nullable().describe("US dollars; null before its end."),
    })
    .meta({ id: "RunRow" }),
);

const stepStatus = z.enum(["running", "retrying", "waiting", "completed", "skipped", "failed"]);

const stepWait = once(() =>
  z
    .looseObject({ for: z.string(), key: z.string().optional() })
    .meta({ id: "StepWait", description: "What a step waits for; times are milliseconds since 1970." }),
);

const step = once(() =>
  z
    .object({
      path: z.string(),
      kind: z.string().nullable(),
      status: stepStatus,
      attempts: z.int(),
      key: z.string(),
      startedAt: moment.nullable(),
      endedAt: moment.nullable(),
      result: jsonObject.nullable(),
      error: failure().nullable(),
      waiting: stepWait().nullable(),
    })
    .meta({ id: "Step" }),
);

export const run = once(() =>
  runRow()
    .extend({
      cost: z.number().describe("US dollars, so far."),
      input: anyJson,
      output: anyJson,
      paused: z
        .object({ reason: z.string(), by: z.string().nullable(), comment: z.string().nullable() })
        .nullable(),
      undo: z
        .object({ undone: list(z.string()), notUndone: list(z.looseObject({ path: z.string() })) })
        .nullable(),
      forkedFrom: z.object({ of: z.string(), from: z.string() }).nullable(),
      release: z.string(),
      rollouts: z.record(z.string(), z.string()).readonly(),
      steps: list(step()),
    })
    .meta({ id: "Run" }),
);

/** What the kinds of this engine tell of a step; what another one tells in its own way is null. */
export const traced = once(() => ({
  prompt: list(message()),
  model: z.string(),
  provider: z.string(),
  parameters: jsonObject,
  tokens: z.record(z.string(), z.number()).readonly(),
  cost: z.number(),
  requests: z.int(),
  cache: z.string(),
  cachedFrom: z.object({ runId: z.string(), path: z.string(), ageMs: z.number() }),
  route: z.object({ chosen: z.string(), reason: z.string() }),
}));

export const stepVersion = once(() =>
  z
    .object({
      name: z.string(),
      digest: z.string(),
      variant: z.string().optional(),
      reason: z.string().optional(),
    })
    .meta({ id: "StepVersion" }),
);

const ranStep = once(() =>
  z
    .looseObject({
      runId: z.string(),
      path: z.string(),
      kind: z.string().nullable(),
      status: stepStatus,
      startedAt: moment.nullable(),
      endedAt: moment.nullable(),
      prompt: traced().prompt.nullable().describe("The messages as they were sent."),
      input: anyJson,
      model: traced().model.nullable(),
      provider: traced().provider.nullable(),
      parameters: traced().parameters.nullable(),
      versions: z.record(z.string(), stepVersion()).readonly(),
      tokens: traced().tokens.nullable(),
      cost: traced().cost.nullable(),
      attempts: z.int(),
      failures: list(
        z.object({ attempt: z.int(), at: moment.nullable(), dueAt: moment.nullable(), error: failure() }),
      ),
      requests: traced().requests.nullable(),
      cache: traced().cache.nullable(),
      cachedFrom: traced().cachedFrom.nullable(),
      route: traced().route.nullable(),
      result: jsonObject.nullable(),
      error: failure().nullable(),
      waiting: stepWait().nullable(),
      erased: z.string().nullable().describe("The digest of what is not kept."),
    })
    .meta({ id: "RanStep" }),
);

export const listRuns = operation({
  id: "listRuns",
  method: "get",
  path: "/v1/runs",
  summary: "Runs, newest first.",
  query: listQuery,
  answer: () => page(runRow()),
  tagged: "journal",
});

export const getRun = operation({
  id: "getRun",
  method: "get",
  path: "/v1/runs/{id}",
  summary: "A run with its steps.",
  answer: run,
  isLong: true,
  tagged: "journal",
});

export const getStep = operation({
  id: "getStep",
  method: "get",
  path: "/v1/runs/{id}/steps/{path}",
  summary: "What ran at a step.",
  answer: ranStep,
  tagged: "journal",
});

export const followRun = operation({
  id: "followRun",
  method: "get",
  path: "/v1/runs/{id}/events",
  summary: "Its events; as server-sent events, as they come, from Last-Event-ID.",
  answer: () => z.object({ items: list(journalEvent()) }),
  isLong: true,
  isFollowed: true,
});

/** What every command to a run has in common. */
const steered = {
  method: "post",
  answer: run,
  statuses: [202],
  takesKey: "shown",
  isLong: true,
} as const;

export const cancelRun = operation({
  ...steered,
  id: "cancelRun",
  path: "/v1/runs/{id}/cancel",
  summary: "Ends a run.",
  body: z.strictObject({ reason }),
});

export const pauseRun = operation({
  ...steered,
  id: "pauseRun",
  path: "/v1/runs/{id}/pause",
  summary: "Starts nothing more of a run; what is under way may end.",
  body: z.strictObject({ reason }),
});

export const resumeRun = operation({
  ...steered,
  id: "resumeRun",
  path: "/v1/runs/{id}/resume",
  summary: "Lets a paused run go on, or skips the step that failed with a value.",
  body: z.strictObject({ skip: z.strictObject({ value: anyJson }).optional() }),
});

export const restartRun = operation({
  ...steered,
  id: "restartRun",
  path: "/v1/runs/{id}/restart",
  summary: "A new run that goes on from a step of one that has ended.",
  body: z.strictObject({
    from: z.string().min(1).max(1_000),
    release: z.enum(["same", "latest"]).default("same"),
  }),
});

export const signalRun = operation({
  ...steered,
  id: "signalRun",
  path: "/v1/runs/{id}/signals",
  summary: "An event for a run; one that comes before the wait counts.",
  body: z.strictObject({
    event: z.string().min(1).max(200),
    data: anyJson.optional(),
    id: z.string().max(200).optional(),
  }),
});
