import { z } from "zod";
import { scoreSources } from "../../core/registry/index.ts";
import { operation } from "../operation.ts";
import { moment, once, page } from "../schema.ts";

const source = z.enum(scoreSources);

const score = once(() =>
  z
    .object({
      name: z.string(),
      value: z.number(),
      source,
      by: z.string(),
      step: z.string().nullable(),
      comment: z.string().nullable(),
      at: moment,
    })
    .meta({ id: "Score" }),
);

export const listScores = operation({
  id: "listScores",
  method: "get",
  path: "/v1/runs/{id}/scores",
  summary: "Judgements of a run.",
  answer: () => page(score()),
  tagged: "journal",
});

export const scoreRun = operation({
  id: "scoreRun",
  method: "post",
  path: "/v1/runs/{id}/scores",
  summary: "Judges a run or a step of it, however late.",
  body: z.strictObject({
    name: z.string().regex(/^[\w.-]{1,100}$/, "expected letters, digits, _, . and -, 100 at most"),
    value: z.union([z.number(), z.boolean()]),
    source,
    step: z.string().min(1).max(1_000).optional(),
    comment: z.string().max(10_000).optional(),
  }),
  answer: () => page(score()),
  statuses: [201],
  takesKey: "shown",
});
