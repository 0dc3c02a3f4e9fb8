import { z } from "zod";
import { costDimensions } from "../../core/executor/index.ts";
import { operation } from "../operation.ts";
import { day, limit, once, page } from "../schema.ts";

const cost = once(() =>
  z
    .object({
      key: z.string(),
      calls: z.int(),
      cost: z.number().nullable().describe("US dollars; null where no call had a price."),
      unpriced: z.int(),
      tokens: z.record(z.string(), z.int()),
    })
    .meta({ id: "Cost" }),
);

const by = z.enum(costDimensions);

export const listCosts = operation({
  id: "listCosts",
  method: "get",
  path: "/v1/costs",
  summary: "What calls to models have cost, the dearest first.",
  query: z.object({
    by: by.default("workflow"),
    from: day.optional(),
    to: day.optional(),
    limit: limit(1_000, 10_000),
  }),
  answer: () => page(cost()).extend({ by, from: z.string(), to: z.string() }),
});
