import { Hono } from "hono";
import type { Engine } from "../../engine.ts";
import { serve } from "../operation.ts";
import { presentProposal } from "./present.ts";
import { getExperiment, getProposal, listProposals, runCycle, startExperiment } from "./schema.ts";

/** `/v1/optimizer`, `/v1/proposals`, `/v1/experiments`: what is found, what is proposed, and its proof. */
export function optimizerRoutes({ optimizer }: Engine): Hono {
  const routes = new Hono();

  serve(routes, runCycle, async ({ body: { workflow, mode } }) => {
    const cycle = await optimizer.cycle(workflow, mode);
    const listed = await Promise.all(cycle.proposals.map(({ id }) => optimizer.proposal(id)));
    return { ...cycle, proposals: listed.map(presentProposal) };
  });

  serve(routes, listProposals, async ({ query: { workflow } }) => {
    const items = await optimizer.proposals(workflow);
    return { items: items.map(presentProposal), nextCursor: null };
  });

  serve(routes, getProposal, async ({ params }) => presentProposal(await optimizer.proposal(params.id)));

  serve(routes, startExperiment, async ({ params }) => ({ id: await optimizer.experiment(params.id) }));

  serve(routes, getExperiment, ({ params }) => optimizer.experimentShown(params.id));

  return routes;
}
