import { z } from "zod";
import { operation } from "../operation.ts";

export const runBatch = operation({
  id: "runBatch",
  method: "post",
  path: "/v1/batches",
  summary: "A workflow file over an input file, news as JSON Lines; on the local socket alone.",
  body: z.strictObject({
    workflow: z.string(),
    input: z.string(),
    name: z.string().max(200).default(""),
    concurrency: z.number().int().min(1).max(1_000).default(8),
    again: z.boolean().default(false),
    continue: z.boolean().default(false),
    effects: z.literal("simulated").optional(),
  }),
  answer: () => z.looseObject({ type: z.string() }),
  isLines: true,
});

export const getBatch = operation({
  id: "getBatch",
  method: "get",
  path: "/v1/batches/{id}",
  summary: "A batch; on the local socket alone.",
  answer: () =>
    z
      .object({
        id: z.string(),
        workflow: z.string(),
        inputDigest: z.string(),
        name: z.string(),
        generation: z.int(),
        version: z.string(),
        release: z.string(),
        rows: z.int(),
        status: z.enum(["running", "completed"]),
        startedAt: z.int(),
      })
      .meta({ id: "Batch" }),
});
