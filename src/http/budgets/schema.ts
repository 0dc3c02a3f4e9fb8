import { z } from "zod";
import { budgetUnits } from "../../core/executor/index.ts";
import { pageItemsMax } from "../limits.ts";
import { operation } from "../operation.ts";
import { limit, moment, once, page } from "../schema.ts";

const use = once(() =>
  z
    .object({
      name: z.string(),
      by: z.string(),
      key: z.string(),
      period: z.string(),
      unit: z.enum(budgetUnits),
      limit: z.number(),
      reserved: z.number(),
      spent: z.number(),
      action: z.enum(["block", "downgrade", "alert"]),
      status: z.enum(["ok", "alerted", "exceeded"]),
      resetsAt: moment.nullable(),
    })
    .meta({ id: "BudgetUse" }),
);

export const listBudgets = operation({
  id: "listBudgets",
  method: "get",
  path: "/v1/budgets",
  summary: "Of each budget that holds, what is reserved and spent in the present period, by key.",
  query: z.object({
    name: z.string().optional(),
    cursor: z.string().optional(),
    limit: limit(100, pageItemsMax),
  }),
  answer: () => page(use()),
  tagged: "text",
});
