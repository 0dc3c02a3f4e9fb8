import { z } from "zod";
import type { Engine } from "../../engine.ts";
import { modes } from "../../loop/optimizer/index.ts";
import { operation } from "../operation.ts";
import { once, page, told } from "../schema.ts";
import type { presentProposal } from "./present.ts";

type Optimizer = Engine["optimizer"];
type Shown = ReturnType<typeof presentProposal>;
type Cycle = Omit<Awaited<ReturnType<Optimizer["cycle"]>>, "proposals"> & {
  readonly proposals: readonly Shown[];
};
type Experiment = Awaited<ReturnType<Optimizer["experimentShown"]>>;

const proposal = once(() =>
  told<Shown>("A change with its diff, evidence and expected effect: docs/guide/optimizer.md."),
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
  answer: () => told<Cycle>("Findings and proposals."),
  takesKey: "shown",
});

export const listProposals = operation({
  id: "listProposals",
  method: "get",
  path: "/v1/proposals",
  summary: "Changes that the optimizer suggests.",
  query: z.object({ workflow: z.string().min(1).max(1_000).optional() }),
  answer: () => page(proposal()),
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
  answer: () => told<Experiment>("Stage, shares, reason, expected and realised effect."),
});
