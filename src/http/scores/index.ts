import { Hono } from "hono";
import type { ScoreRow } from "../../core/registry/index.ts";
import type { Engine } from "../../engine.ts";
import { serve } from "../operation.ts";
import { iso } from "../runs/present.ts";
import { listScores, scoreRun } from "./schema.ts";

/** `/v1/runs/{id}/scores`: judgements of a run, which may come late. */
export function scoreRoutes(engine: Engine): Hono {
  const routes = new Hono();

  serve(routes, listScores, ({ params }) => scoresOf(engine, params.id));

  serve(routes, scoreRun, async ({ params, body: { name, value, source, step, comment } }) => {
    await engine.score(params.id, {
      name,
      value,
      source,
      by: "local",
      ...(step === undefined ? {} : { step }),
      ...(comment === undefined ? {} : { comment }),
    });
    return scoresOf(engine, params.id);
  });

  return routes;
}

function scoresOf({ registry }: Engine, run: string) {
  return { items: registry.store.scores(run).map(presentScore), nextCursor: null };
}

function presentScore({ name, value, source, scoredBy, step, comment, scoredAt }: ScoreRow) {
  return { name, value, source, by: scoredBy, step, comment, at: iso(scoredAt) };
}
