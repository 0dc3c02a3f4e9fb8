import { Hono } from "hono";
import { derivedId } from "../../core/base/index.ts";
import type { ScoreRow } from "../../core/registry/index.ts";
import type { Engine } from "../../engine.ts";
import { keyOf } from "../keyed.ts";
import { serve } from "../operation.ts";
import { iso } from "../runs/present.ts";
import { listScores, scoreRun } from "./schema.ts";

/** `/v1/runs/{id}/scores`: judgements of a run, which may come late. */
export function scoreRoutes(engine: Engine): Hono {
  const routes = new Hono();

  serve(routes, listScores, ({ params }) => scoresOf(engine, params.id));

  serve(routes, scoreRun, async ({ context, params, body: { name, value, source, step, comment } }) => {
    const key = keyOf(context);
    await engine.score(params.id, {
      name,
      value,
      source,
      by: "local",
      ...(step === undefined ? {} : { step }),
      ...(comment === undefined ? {} : { comment }),
      ...(key === undefined ? {} : { id: derivedId("score", params.id, key) }),
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
