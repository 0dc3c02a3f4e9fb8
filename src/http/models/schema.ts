import { z } from "zod";
import { operation } from "../operation.ts";
import { list, once, page } from "../schema.ts";

const model = once(() =>
  z
    .object({
      name: z.string(),
      simulated: z.boolean(),
      region: z.string().nullable(),
      price: z.record(z.string(), z.number()).nullable().describe("US dollars per token."),
      circuit: z.enum(["closed", "open", "half_open"]),
      coolingMs: z.number(),
      answers: z.int(),
      failures: z.int(),
      retries: z.int().describe("Made again by the gateway; what a step tries again is not among them."),
      share: z.number(),
      latency: z.object({ p50Ms: z.number(), p95Ms: z.number() }).nullable(),
    })
    .meta({ id: "Model" }),
);

const route = once(() =>
  z
    .object({
      name: z.string(),
      calls: z.int(),
      failures: z.int(),
      cacheHits: z.int(),
      models: list(z.object({ name: z.string(), answers: z.int(), share: z.number() })),
    })
    .meta({ id: "Route" }),
);

export const listModels = operation({
  id: "listModels",
  method: "get",
  path: "/v1/models",
  summary: "Every model that was asked since this process began, with its health, price and latency.",
  answer: () => page(model()),
});

export const listRoutes = operation({
  id: "listRoutes",
  method: "get",
  path: "/v1/routes",
  summary: "Every route that was asked, and who has answered.",
  answer: () => page(route()),
});
