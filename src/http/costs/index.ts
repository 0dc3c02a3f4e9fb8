import { Hono } from "hono";
import { dayOf } from "../../core/base/index.ts";
import { type CostTotal, shownAmount } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { serve } from "../operation.ts";
import { listCosts } from "./schema.ts";

/** `/v1/costs`: what calls to models have cost, by workflow, tenant, feature, model or day (UTC), the dearest first. */
export function costRoutes(engine: Engine): Hono {
  const routes = new Hono();

  serve(routes, listCosts, ({ query: { by, limit, ...query } }) => {
    const to = query.to ?? dayOf(engine.clock.now());
    const from = query.from ?? `${to.slice(0, 8)}01`;
    const items = engine.control.spending.costs({ by, from, to, limit }).map(presentTotal);
    return { by, from, to, items, nextCursor: null };
  });

  return routes;
}

/** A cost that nobody knows is none: null where no call had a price, and counted where some had not. */
function presentTotal({ key, calls, unpriced, nanoUsd, ...tokens }: CostTotal) {
  return { key, calls, cost: unpriced === calls ? null : shownAmount("usd", nanoUsd), unpriced, tokens };
}
