import { Hono } from "hono";
import type { Engine } from "../../engine.ts";

/** `/v1/experiments/{id}`: how far a proof is, and what came of it. */
export function experimentRoutes({ optimizer }: Engine): Hono {
  const routes = new Hono();
  routes.get("/:id", async (context) =>
    context.json(await optimizer.experimentShown(context.req.param("id"))),
  );
  return routes;
}
