import { Hono } from "hono";
import { z } from "zod";
import { dayOf } from "../../core/base/index.ts";
import { type CostTotal, costDimensions, shownAmount } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { queryOf } from "../problem.ts";

const day = z.iso.date("expected a day such as 2026-01-31");
const costQuery = z.object({
  by: z.enum(costDimensions).default("workflow"),
  from: day.optional(),
  to: day.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});

/** `/v1/costs`: what calls to models have cost, by workflow, tenant, feature, model or day (UTC), the dearest first. */
export function costRoutes(engine: Engine): Hono {
  const routes = new Hono();

  routes.get("/", (context) => {
    const { by, limit, ...query } = queryOf(context, costQuery);
    const to = query.to ?? dayOf(engine.clock.now());
    const from = query.from ?? `${to.slice(0, 8)}01`;
    const items = engine.control.spending.costs({ by, from, to, limit }).map(presentTotal);
    return context.json({ by, from, to, items, nextCursor: null });
  });

  return routes;
}

/** A cost that nobody knows is none: null where no call had a price, and counted where some had not. */
function presentTotal({ key, calls, unpriced, nanoUsd, ...tokens }: CostTotal) {
  return { key, calls, cost: unpriced === calls ? null : shownAmount("usd", nanoUsd), unpriced, tokens };
}
