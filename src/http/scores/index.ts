import { Hono } from "hono";
import { z } from "zod";
import { type ScoreRow, scoreSources } from "../../core/registry/index.ts";
import type { Engine } from "../../engine.ts";
import { bodyOf } from "../problem.ts";
import { iso } from "../runs/present.ts";

const scoreBody = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,100}$/, "expected letters, digits, _, . and -, 100 at most"),
  value: z.union([z.number(), z.boolean()]),
  source: z.enum(scoreSources),
  step: z.string().min(1).max(1_000).optional(),
  comment: z.string().max(10_000).optional(),
});

/** `/v1/runs/{id}/scores`: judgements of a run, which may come late. */
export function scoreRoutes(engine: Engine): Hono {
  const routes = new Hono();

  routes.get("/:id/scores", (context) =>
    context.json({ items: scoresOf(engine, context.req.param("id")), nextCursor: null }),
  );

  routes.post("/:id/scores", async (context) => {
    const { name, value, source, step, comment } = await bodyOf(context, scoreBody);
    const run = context.req.param("id");
    await engine.score(run, {
      name,
      value,
      source,
      by: "local",
      ...(step === undefined ? {} : { step }),
      ...(comment === undefined ? {} : { comment }),
    });
    return context.json({ items: scoresOf(engine, run), nextCursor: null }, 201);
  });

  return routes;
}

function scoresOf({ registry }: Engine, run: string) {
  return registry.store.scores(run).map(presentScore);
}

function presentScore({ name, value, source, scoredBy, step, comment, scoredAt }: ScoreRow) {
  return { name, value, source, by: scoredBy, step, comment, at: iso(scoredAt) };
}
