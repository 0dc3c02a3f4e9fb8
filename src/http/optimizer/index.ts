import { Hono } from "hono";
import { z } from "zod";
import type { Engine } from "../../engine.ts";
import { modes } from "../../loop/optimizer/index.ts";
import { bodyOf } from "../problem.ts";
import { presentProposal } from "../proposals/present.ts";

const cycleBody = z.strictObject({
  workflow: z.string().min(1).max(1_000),
  mode: z.enum(modes).default("advise"),
});

/** `/v1/optimizer`: one look at a workflow's record. */
export function optimizerRoutes({ optimizer }: Engine): Hono {
  const routes = new Hono();
  routes.post("/cycles", async (context) => {
    const { workflow, mode } = await bodyOf(context, cycleBody);
    const cycle = await optimizer.cycle(workflow, mode);
    const listed = await Promise.all(cycle.proposals.map(({ id }) => optimizer.proposal(id)));
    return context.json({ ...cycle, proposals: listed.map(presentProposal) });
  });
  return routes;
}
