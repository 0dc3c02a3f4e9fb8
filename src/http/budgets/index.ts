import { Hono } from "hono";
import { periodOf } from "../../core/base/index.ts";
import { shownAmount, type UseRow, useId } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import type { Budget } from "../../models/gateway/index.ts";
import { serve } from "../operation.ts";
import { iso } from "../runs/present.ts";
import { listBudgets } from "./schema.ts";

/** `/v1/budgets`: of each budget that holds, what is reserved and spent in the present period, by key. */
export function budgetRoutes(engine: Engine): Hono {
  const routes = new Hono();

  serve(routes, listBudgets, ({ query: { name, cursor = "", limit } }) => {
    const now = engine.clock.now();
    const budgets = engine.ledger.budgets
      .filter((budget) => name === undefined || budget.name === name)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const shown: { readonly id: string; readonly item: ReturnType<typeof presentUse> }[] = [];
    for (const budget of budgets) {
      const period = periodOf(budget.period, now);
      const rows = usesOf(engine, budget, {
        period: period.name,
        after: cursor,
        limit: limit - shown.length,
      });
      for (const row of rows) shown.push({ id: row.id, item: presentUse(budget, row, period.endsAt) });
      if (shown.length >= limit) break;
    }
    const nextCursor = shown.length >= limit ? (shown.at(-1)?.id ?? null) : null;
    return { items: shown.map(({ item }) => item), nextCursor };
  });

  return routes;
}

/** A budget of which nothing was taken yet is shown too, under the empty key. */
function usesOf(
  engine: Engine,
  { name }: Budget,
  { period, after, limit }: { period: string; after: string; limit: number },
): readonly UseRow[] {
  const rows = engine.control.spending.uses({ budget: name, period, after, limit });
  const unused = { id: useId(name, period, ""), budget: name, period, key: "" };
  const isUnused = engine.control.spending.uses({ budget: name, period, after: "", limit: 1 }).length === 0;
  if (!isUnused || unused.id <= after) return rows;
  return [{ ...unused, reserved: 0, spent: 0, alerted: 0, exceeded: 0 }];
}

function presentUse(budget: Budget, row: UseRow, endsAt: number | null) {
  const { name, by, unit, limit, action } = budget;
  const { key, period, reserved, spent } = row;
  return {
    name,
    by,
    key,
    period,
    unit,
    limit,
    reserved: shownAmount(unit, reserved),
    spent: shownAmount(unit, spent),
    action,
    status:
      row.exceeded > 0 ? ("exceeded" as const) : row.alerted > 0 ? ("alerted" as const) : ("ok" as const),
    resetsAt: iso(endsAt),
  };
}
