import { Hono } from "hono";
import { z } from "zod";
import type { Release } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import {
  compare,
  datasetRowsMax,
  evaluate,
  figuresOf,
  gateOf,
  judgeOf,
  type Permissions,
  passes,
  type ScoredRow,
  scorerOf,
} from "../../loop/evals/index.ts";
import { assetVersions, candidateRelease, replayDeps, versionName } from "../candidate.ts";
import { bodyOf } from "../problem.ts";
import { datasetOf } from "./dataset.ts";

const evalBody = z.strictObject({
  workflow: z.string().min(1).max(1_000),
  version: versionName,
  assets: assetVersions,
  data: z.string().min(1).max(1_000),
  save: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,99}$/)
    .optional(),
  last: z.number().int().min(1).max(datasetRowsMax).default(1_000),
  scorers: z.array(z.string().min(1).max(1_000)).min(1).max(20).default(["exact"]),
  schema: z.record(z.string(), z.json()).optional(),
  judge: z.string().min(1).max(1_000).optional(),
  /** The version to hold it against: a file, or a version of the registry. */
  against: z.string().min(1).max(1_000).optional(),
  gates: z.array(z.string().min(1).max(200)).max(50).default([]),
  allow: z.array(z.string().min(1).max(200)).max(1_000).default(["model:*"]),
  concurrency: z.number().int().min(1).max(1_000).default(8),
  seed: z.number().int().nonnegative().default(1),
});

type EvalBody = z.infer<typeof evalBody>;

/**
 * `/v1/evals`: a workflow over the rows of a dataset, in memory, and what its answers are worth. It reads files of
 * this machine, so it is offered on the local socket alone.
 */
export function evalRoutes(engine: Engine): Hono {
  const routes = new Hono();
  routes.post("/", async (context) => context.json(await evaluated(engine, await bodyOf(context, evalBody))));
  return routes;
}

async function evaluated(engine: Engine, body: EvalBody) {
  const { gates, seed } = body;
  for (const gate of gates) gateOf(gate);
  const deps = replayDeps(engine);
  const permissions: Permissions = { allow: new Set(body.allow), simulate: true };
  const release = await candidateRelease(engine, body, true);
  const judge = body.judge === undefined ? undefined : await namedRelease(engine, body.judge, body);
  const parts = { schema: body.schema, judge: judge && judgeOf(judge, permissions, deps) };
  const scorers = body.scorers.map((written) => scorerOf(written, parts));
  const { rows, ...dataset } = await datasetOf(engine, release, body);
  const request = { rows, scorers, permissions, concurrency: body.concurrency };
  const answered = await evaluate({ ...request, release }, deps);
  const before = body.against === undefined ? undefined : await namedRelease(engine, body.against, body);
  const held = before && (await evaluate({ ...request, release: before }, deps));
  const figures = figuresOf(answered, scorers, seed);
  return {
    workflow: release.workflow,
    version: release.version,
    release: release.digest,
    dataset: { ...dataset, rows: rows.length },
    figures,
    gates: gates.map((gate) => passes(gate, figures)),
    comparison:
      before && held
        ? {
            release: before.digest,
            figures: figuresOf(held, scorers, seed),
            paired: compare(held, answered, scorers, seed),
          }
        : null,
    items: answered.map(present),
  };
}

/** A file, or a version of the workflow that is evaluated. */
function namedRelease(engine: Engine, named: string, { workflow, assets }: EvalBody): Promise<Release> {
  const isFile = /\.(ya?ml|json|[cm]?[jt]s)$/.test(named);
  const of = isFile ? { workflow: named, version: "production" } : { workflow, version: named };
  return candidateRelease(engine, { ...of, assets }, true);
}

function present({ expected = null, ...row }: ScoredRow) {
  return { ...row, expected };
}
