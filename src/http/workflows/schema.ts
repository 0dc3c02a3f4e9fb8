import { z } from "zod";
import { operation } from "../operation.ts";
import { run } from "../runs/schema.ts";
import { anyJson, jsonObject, list, once, page, share } from "../schema.ts";

const targets = once(() =>
  z
    .object({
      automated: share.optional(),
      accuracy: share.optional(),
      timeToResultP50Ms: z.number().optional(),
      costMeanUsd: z.number().optional(),
      reviewMinutesMean: z.number().optional(),
    })
    .meta({ id: "Targets" }),
);

const stepDocument = once(() =>
  z
    .object({
      id: z.string(),
      kind: z.string(),
      config: jsonObject,
      needs: list(z.string()).optional(),
      if: z.union([z.string(), z.boolean()]).optional(),
    })
    .meta({ id: "StepDocument" }),
);

const document = once(() =>
  z
    .object({
      workflow: z.string(),
      input: jsonObject.optional(),
      targets: targets().optional(),
      steps: list(stepDocument()),
    })
    .meta({
      id: "WorkflowDocument",
      description: "Its normal form; docs/guide/workflows.md tells the format.",
    }),
);

const workflow = once(() =>
  z
    .object({
      name: z.string(),
      version: z.string().nullable(),
      release: z.string().nullable(),
      description: z.string().nullable(),
      document: document().nullable().describe("Null for a flow, which is code."),
      problem: z.string().optional().describe("Why it could not run now."),
    })
    .meta({ id: "Workflow" }),
);

const figures = once(() =>
  z
    .object({
      runs: z.int(),
      status: z.record(z.string(), z.int()).readonly(),
      automated: share.nullable(),
      accuracy: z.object({ share: z.number(), n: z.int(), from: z.enum(["expected", "scores"]) }).nullable(),
      timeToResultP50Ms: z.number().nullable(),
      timeToResultP95Ms: z.number().nullable(),
      costMeanUsd: z.number().nullable(),
      costTotalUsd: z.number(),
      reviews: z.int(),
      reviewMinutesMean: z.number().nullable(),
      errorRate: share.nullable(),
      fallbackRate: share.nullable(),
      agentUtilization: share.nullable(),
      throughputPerHour: z.number().nullable(),
      sampledRuns: z.int(),
      simulated: z.boolean(),
    })
    .meta({ id: "Figures" }),
);

const reasons = once(() => list(z.object({ reason: z.string(), count: z.int() })));

const metrics = once(() =>
  z
    .object({
      workflow: z.string(),
      targets: targets(),
      from: z.iso.date(),
      to: z.iso.date(),
      actual: figures(),
      errors: reasons(),
      fallbacks: reasons(),
      days: list(figures().extend({ day: z.iso.date() }).meta({ id: "DayFigures" })),
      isComplete: z.boolean().describe("False where a day had more runs than are counted."),
    })
    .meta({ id: "WorkflowMetrics" }),
);

export const listWorkflows = operation({
  id: "listWorkflows",
  method: "get",
  path: "/v1/workflows",
  summary: "The workflows that can be started.",
  answer: () => page(workflow()),
  tagged: "text",
});

export const getMetrics = operation({
  id: "getMetrics",
  method: "get",
  path: "/v1/workflows/{name}/metrics",
  summary: "How a workflow does beside its targets, for a window and for each day of it.",
  query: z.object({ window: z.string().default("7d").describe("Such as 7d; 90d at most.") }),
  answer: metrics,
});

const startBody = z.strictObject({
  input: anyJson,
  tags: z.record(z.string().max(100), z.string().max(200)).optional(),
  expected: anyJson.optional(),
  priority: z.number().min(-1_000_000).max(1_000_000).optional(),
});

export type StartBody = z.infer<typeof startBody>;

export const startRun = operation({
  id: "startRun",
  method: "post",
  path: "/v1/workflows/{name}/runs",
  summary: "Starts a run; with `wait`, answers with its result if it ends in time.",
  query: z.object({ wait: z.string().optional().describe("Such as 10s; 60s at most.") }),
  body: startBody,
  answer: run,
  statuses: [202, 200],
  takesKey: "own",
  isLong: true,
});

export const getSchema = operation({
  id: "getWorkflowSchema",
  method: "get",
  path: "/v1/workflows/schema",
  summary: "The JSON Schema of how a workflow is written, with the kinds of step that there are.",
  answer: () => jsonObject,
  tagged: "text",
});
