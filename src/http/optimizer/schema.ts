import { z } from "zod";
import { modes, proposalStatuses, stages } from "../../loop/optimizer/index.ts";
import { operation } from "../operation.ts";
import { jsonObject, list, moment, once, page, share } from "../schema.ts";

const interval = once(() =>
  z
    .object({ low: z.number(), mid: z.number(), high: z.number() })
    .meta({ id: "Interval", description: "A figure with the bounds of its 95% interval." }),
);

const effects = once(() =>
  z
    .object({
      costPerRun: interval(),
      accuracy: interval().extend({ n: z.int() }),
      automated: interval(),
      timeToResultP50: interval().describe("Milliseconds."),
      reviewMinutesPerRun: z.number(),
      runs: z.int(),
    })
    .meta({ id: "Effects", description: "What so many runs came to, or are expected to come to." }),
);

const finding = once(() =>
  z
    .object({
      kind: z.string(),
      step: z.string().nullable(),
      summary: z.string(),
      evidence: jsonObject,
      prize: z
        .object({ usdPerRun: z.number(), msPerRun: z.number(), reviewMinutesPerRun: z.number() })
        .describe("Saved for each run."),
    })
    .meta({ id: "Finding", description: "What the record shows, and what it would be worth." }),
);

const bars = once(() =>
  z
    .object({
      accuracyMin: z.number(),
      provenAccuracyMin: z.number(),
      errorRateMax: z.number(),
      costMeanMaxUsd: z.number(),
      timeToResultP50MaxMs: z.number().nullable(),
    })
    .meta({ id: "Bars", description: "What an experiment is held against; fixed before it begins." }),
);

const proposal = once(() =>
  z
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
      triedAs: z.string().nullable().describe("Digest of the release that was tried on recorded runs."),
      finding: finding(),
      before: effects(),
      expected: effects().describe("Of as many runs to come."),
      bars: bars(),
      proof: z.string(),
      undo: z.string(),
      status: z.enum(proposalStatuses),
      declined: z.object({ by: z.string(), reason: z.string(), at: moment }).nullable(),
      experiment: z.string().nullable(),
    })
    .meta({ id: "Proposal", description: "A change with its evidence and expected effect." }),
);

const estimate = once(() =>
  z.object({
    value: z.number(),
    low: z.number(),
    high: z.number(),
    n: z.int(),
    method: z.string(),
  }),
);

const past = once(() =>
  z
    .object({
      runs: z.int(),
      replayed: z.int(),
      blocked: z
        .int()
        .describe("Runs that came to what a replay may not touch, as a model that costs money."),
      blockedEffects: z.int(),
      notReplayable: z.int(),
      changed: estimate().describe("Of the replayed runs, those that end otherwise."),
      steps: z
        .object({ reused: z.int(), askedBefore: z.int(), doneAgain: z.int() })
        .describe(
          "Whose recorded answer stood, whose answer stood in the finding's trial, and that were done again.",
        ),
      costUsd: estimate().nullable().describe("A run, less than on record."),
      tookMs: estimate().nullable(),
      figures: effects(),
      right: z.object({ right: z.int(), n: z.int(), low: z.number(), high: z.number() }),
      failed: z.int(),
    })
    .meta({ id: "ReplayedPast", description: "What a candidate made of recorded runs." }),
);

const beside = once(() => interval().extend({ realised: z.number(), isInside: z.boolean() }));

const comparison = once(() =>
  z
    .object({
      runs: z.int(),
      savedUsdPerRun: beside(),
      costPerRun: beside(),
      accuracy: beside(),
      automated: beside(),
      timeToResultP50: beside(),
    })
    .meta({
      id: "Comparison",
      description: "What so many runs came to, beside the interval that was expected of as many.",
    }),
);

const seen = once(() =>
  z
    .object({
      runs: z.int().describe("Of the stage."),
      judged: z.int(),
      right: z.int(),
      shown: share.describe("Of the evidence that the next stage needs, as its logarithm."),
    })
    .meta({ id: "SeenSoFar", description: "What running traffic has shown so far of a candidate." }),
);

const experiment = once(() =>
  z
    .object({
      id: z.string(),
      proposal: z.string(),
      workflow: z.string(),
      by: z.string().describe("Who approved; `optimizer` where it began by itself."),
      bounds: z.object({ maxShare: z.number(), maxSpendUsd: z.number() }).nullable(),
      stage: z.enum(stages),
      replay: past().nullable(),
      rollout: z.string().nullable(),
      release: z
        .string()
        .nullable()
        .describe("Digest of the release that production became by its promotion."),
      isWatched: z.boolean().describe("It is promoted, and held against its bars with every run."),
      share: z.number().describe("Of the runs, those that the candidate answers now."),
      maxShare: z.number(),
      reason: z.string(),
      seen: seen().nullable(),
      bars: bars(),
      before: effects(),
      expected: effects(),
      realised: effects().nullable(),
      comparison: comparison().nullable(),
    })
    .meta({ id: "Experiment", description: "How far the proof of a proposal is, and what came of it." }),
);

export const runCycle = operation({
  id: "runOptimizerCycle",
  method: "post",
  path: "/v1/optimizer/cycles",
  summary: "One look at a workflow's record: what was found, and what is proposed.",
  body: z.strictObject({
    workflow: z.string().min(1).max(1_000),
    mode: z.enum(modes).default("advise"),
  }),
  answer: () => z.object({ workflow: z.string(), findings: list(finding()), proposals: list(proposal()) }),
  takesKey: "shown",
});

export const listCycles = operation({
  id: "listOptimizerCycles",
  method: "get",
  path: "/v1/optimizer/cycles",
  summary: "The latest looks at a workflow, the newest first.",
  query: z.object({ workflow: z.string().min(1).max(1_000) }),
  answer: () =>
    page(
      z
        .object({
          at: moment,
          mode: z.enum(modes),
          by: z.string().describe("`schedule` where it began by itself."),
          findings: list(finding()),
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
  query: z.object({
    workflow: z.string().min(1).max(1_000).optional(),
    status: z.enum(proposalStatuses).optional(),
  }),
  answer: () => page(proposal()),
});

export const getProposal = operation({
  id: "getProposal",
  method: "get",
  path: "/v1/proposals/{id}",
  summary: "One change that the optimizer suggests.",
  answer: proposal,
});

export const declineProposal = operation({
  id: "declineProposal",
  method: "post",
  path: "/v1/proposals/{id}/decline",
  summary: "Says no to an open proposal: it is not made again while what it would change is the same.",
  body: z.strictObject({
    by: z.string().min(1).max(200).default("local").describe("Who declines."),
    reason: z.string().min(1).max(2_000),
  }),
  answer: proposal,
  takesKey: "recorded",
});

export const startExperiment = operation({
  id: "startExperiment",
  method: "post",
  path: "/v1/proposals/{id}/experiments",
  summary:
    "Approves of a proposal: its proof begins, on the past, beside running traffic, then on a part of it.",
  body: z.strictObject({ by: z.string().min(1).max(200).default("local").describe("Who approves.") }),
  answer: () => z.object({ id: z.string() }),
  statuses: [201],
  makes: "/v1/experiments",
  takesKey: "recorded",
});

export const getExperiment = operation({
  id: "getExperiment",
  method: "get",
  path: "/v1/experiments/{id}",
  summary: "How far a proof is, and what came of it.",
  answer: experiment,
});
