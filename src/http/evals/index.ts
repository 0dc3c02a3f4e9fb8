import { Hono } from "hono";
import type { z } from "zod";
import type { Release } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import {
  compare,
  evaluate,
  figuresOf,
  gateOf,
  judgeOf,
  type Permissions,
  passes,
  type ScoredRow,
  scorerOf,
} from "../../loop/evals/index.ts";
import { candidateRelease } from "../candidate.ts";
import { serve } from "../operation.ts";
import { datasetOf } from "./dataset.ts";
import { runEval } from "./schema.ts";

type EvalBody = z.infer<NonNullable<typeof runEval.body>>;

/**
 * `/v1/evals`: a workflow over the rows of a dataset, in memory, and what its answers are worth. It reads files of
 * this machine, so it is offered on the local socket alone.
 */
export function evalRoutes(engine: Engine): Hono {
  const routes = new Hono();
  serve(routes, runEval, ({ body }) => evaluated(engine, body));
  return routes;
}

async function evaluated(engine: Engine, body: EvalBody) {
  const { gates, seed } = body;
  for (const gate of gates) gateOf(gate);
  const deps = engine.replayDeps;
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
