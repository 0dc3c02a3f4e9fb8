import { z } from "zod";
import { datasetRowsMax } from "../../loop/evals/index.ts";
import { assetVersions, versionName } from "../candidate.ts";
import { operation } from "../operation.ts";

const evalBody = z.strictObject({
  workflow: z.string().min(1).max(1_000),
  version: versionName,
  assets: assetVersions,
  data: z.string().min(1).max(1_000),
  save: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,99}$/)
    .optional(),
  last: z.number().int().min(1).max(datasetRowsMax).default(1_000),
  scorers: z.array(z.string().min(1).max(1_000)).min(1).max(20).default(["exact"]),
  schema: z.record(z.string(), z.json()).optional(),
  judge: z.string().min(1).max(1_000).optional(),
  /** The version to hold it against: a file, or a version of the registry. */
  against: z.string().min(1).max(1_000).optional(),
  gates: z.array(z.string().min(1).max(200)).max(50).default([]),
  allow: z.array(z.string().min(1).max(200)).max(1_000).default(["model:*"]),
  concurrency: z.number().int().min(1).max(1_000).default(8),
  seed: z.number().int().nonnegative().default(1),
});

export const runEval = operation({
  id: "runEval",
  method: "post",
  path: "/v1/evals",
  summary: "A workflow over the rows of a dataset, in memory; on the local socket alone.",
  body: evalBody,
  answer: () => z.looseObject({ workflow: z.string(), release: z.string() }),
  isLong: true,
});
