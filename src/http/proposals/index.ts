import { Hono } from "hono";
import { z } from "zod";
import type { Engine } from "../../engine.ts";
import { queryOf } from "../problem.ts";
import { presentProposal } from "./present.ts";

const listQuery = z.object({ workflow: z.string().min(1).max(1_000).optional() });

/** `/v1/proposals`: changes that the optimizer suggests, and the beginning of their proof. */
export function proposalRoutes({ optimizer }: Engine): Hono {
  const routes = new Hono();

  routes.get("/", async (context) => {
    const { workflow } = queryOf(context, listQuery);
    const items = await optimizer.proposals(workflow);
    return context.json({ items: items.map(presentProposal), nextCursor: null });
  });

  routes.get("/:id", async (context) =>
    context.json(presentProposal(await optimizer.proposal(context.req.param("id")))),
  );

  routes.post("/:id/experiments", async (context) => {
    const id = await optimizer.experiment(context.req.param("id"));
    context.header("location", `/v1/experiments/${id}`);
    return context.json({ id }, 201);
  });

  return routes;
}
