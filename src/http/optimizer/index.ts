import { Hono } from "hono";
import type { Engine } from "../../engine.ts";
import { serve } from "../operation.ts";
import { iso } from "../runs/present.ts";
import { presentExperiment, presentProposal } from "./present.ts";
import {
  declineProposal,
  getExperiment,
  getProposal,
  listCycles,
  listProposals,
  runCycle,
  startExperiment,
} from "./schema.ts";

/** `/v1/optimizer`, `/v1/proposals`, `/v1/experiments`: what is found, what is proposed, and its proof. */
export function optimizerRoutes({ optimizer }: Engine): Hono {
  const routes = new Hono();

  serve(routes, runCycle, async ({ body: { workflow, mode } }) => {
    const cycle = await optimizer.cycle(workflow, { mode });
    const listed = await Promise.all(cycle.proposals.map(({ id }) => optimizer.proposal(id)));
    return { ...cycle, proposals: listed.map(presentProposal) };
  });

  serve(routes, listCycles, async ({ query: { workflow } }) => {
    const cycles = await optimizer.cycles(workflow);
    return { items: cycles.map(({ at, ...cycle }) => ({ ...cycle, at: iso(at) })), nextCursor: null };
  });

  serve(routes, listProposals, async ({ query: { workflow, status } }) => {
    const listed = await optimizer.proposals(workflow);
    const items = listed.filter((each) => status === undefined || each.status === status);
    return { items: items.map(presentProposal), nextCursor: null };
  });

  serve(routes, getProposal, async ({ params }) => presentProposal(await optimizer.proposal(params.id)));

  serve(routes, declineProposal, async ({ params, body }) =>
    presentProposal(await optimizer.decline(params.id, body)),
  );

  serve(routes, startExperiment, async ({ params, body }) => ({
    id: await optimizer.experiment(params.id, { by: body.by, bounds: null }),
  }));

  serve(routes, getExperiment, async ({ params }) =>
    presentExperiment(await optimizer.experimentShown(params.id), optimizer.seen(params.id)),
  );

  return routes;
}
