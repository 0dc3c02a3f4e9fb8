import { z } from "zod";
import { modes } from "../../loop/optimizer/index.ts";
import { operation } from "../operation.ts";
import { jsonObject, list, moment, page } from "../schema.ts";

const interval = z
  .object({ low: z.number(), mid: z.number(), high: z.number() })
  .meta({ id: "Interval", description: "A figure with the bounds of its 95% interval." });

const effects = z
  .object({
    costPerRun: interval,
    accuracy: interval.extend({ n: z.int() }),
    automated: interval,
    timeToResultP50: interval.describe("Milliseconds."),
    reviewMinutesPerRun: z.number(),
  })
  .meta({ id: "Effects" });

const finding = z
  .object({
    kind: z.string(),
    step: z.string().nullable(),
    summary: z.string(),
    evidence: jsonObject,
    prize: z
      .object({ usdPerRun: z.number(), msPerRun: z.number(), reviewMinutesPerRun: z.number() })
      .describe("Saved for each run."),
  })
  .meta({ id: "Finding", description: "What the record shows, and what it would be worth." });

const bars = z
  .object({
    accuracyMin: z.number(),
    provenAccuracyMin: z.number(),
    errorRateMax: z.number(),
    costMeanMaxUsd: z.number(),
    timeToResultP50MaxMs: z.number().nullable(),
  })
  .meta({ id: "Bars", description: "What an experiment is held against; fixed before it begins." });

const proposal = z
  .object({
    id: z.string(),
    workflow: z.string(),
    kind: z.string(),
    change: z.looseObject({ kind: z.string() }),
    asset: z.object({ kind: z.string(), name: z.string() }),
    from: z.string(),
    to: z.string(),
    file: z.string().nullable(),
    diff: z.string().describe("Unified, of the asset's text."),
    finding,
    before: effects,
    expected: effects,
    bars,
    proof: z.string(),
    undo: z.string(),
    status: z.string().describe("`open`, `testing`, `promoted` or `rolledBack`."),
    experiment: z.string().nullable(),
  })
  .meta({ id: "Proposal", description: "A change with its evidence and expected effect." });

const experiment = z
  .object({
    id: z.string(),
    proposal: z.string(),
    workflow: z.string(),
    stage: z.string().describe("`replay`, `shadow`, `canary`, `promoted` or `rolledBack`."),
    rollout: z.string().nullable(),
    share: z.number().describe("Of the runs, those that the candidate answers now."),
    maxShare: z.number(),
    reason: z.string(),
    bars,
    expected: effects,
    realised: effects.nullable(),
  })
  .meta({ id: "Experiment", description: "How far the proof of a proposal is, and what came of it." });

export const runCycle = operation({
  id: "runOptimizerCycle",
  method: "post",
  path: "/v1/optimizer/cycles",
  summary: "One look at a workflow's record: what was found, and what is proposed.",
  body: z.strictObject({
    workflow: z.string().min(1).max(1_000),
    mode: z.enum(modes).default("advise"),
  }),
  answer: z.object({ workflow: z.string(), findings: list(finding), proposals: list(proposal) }),
});

export const listCycles = operation({
  id: "listOptimizerCycles",
  method: "get",
  path: "/v1/optimizer/cycles",
  summary: "The latest looks at a workflow, the newest first.",
  query: z.object({ workflow: z.string().min(1).max(1_000) }),
  answer: page(
    z
      .object({
        at: moment,
        findings: list(finding),
        proposals: list(z.string()).describe("Ids of those that this look was the first to make."),
      })
      .meta({ id: "PastCycle" }),
  ),
});

export const listProposals = operation({
  id: "listProposals",
  method: "get",
  path: "/v1/proposals",
  summary: "Changes that the optimizer suggests.",
  query: z.object({ workflow: z.string().min(1).max(1_000).optional() }),
  answer: page(proposal),
});

export const getProposal = operation({
  id: "getProposal",
  method: "get",
  path: "/v1/proposals/{id}",
  summary: "One change that the optimizer suggests.",
  answer: proposal,
});

export const startExperiment = operation({
  id: "startExperiment",
  method: "post",
  path: "/v1/proposals/{id}/experiments",
  summary: "Begins the proof of a proposal: beside running traffic first, then on a part of it.",
  answer: z.object({ id: z.string() }),
  statuses: [201],
});

export const getExperiment = operation({
  id: "getExperiment",
  method: "get",
  path: "/v1/experiments/{id}",
  summary: "How far a proof is, and what came of it.",
  answer: experiment,
});
