import { z } from "zod";
import { type replay, replayRunsMax } from "../../loop/evals/index.ts";
import { assetVersions, versionName } from "../candidate.ts";
import { operation } from "../operation.ts";
import { told } from "../schema.ts";

type Replayed = { readonly workflow: string; readonly release: string } & Awaited<ReturnType<typeof replay>>;

const replayBody = z.strictObject({
  workflow: z.string().min(1).max(1_000),
  version: versionName,
  assets: assetVersions,
  runs: z
    .union([
      z.array(z.string().min(1).max(200)).max(replayRunsMax),
      z.strictObject({
        of: z.string().min(1).max(200).optional(),
        last: z.number().int().min(1).max(replayRunsMax),
      }),
    ])
    .default({ last: 100 }),
  allow: z.array(z.string().min(1).max(200)).max(1_000).default([]),
  simulate: z.boolean().default(false),
});

export const replayRuns = operation({
  id: "replayRuns",
  method: "post",
  path: "/v1/replays",
  summary: "Recorded runs, walked again with another version; nothing is appended to any of them.",
  body: replayBody,
  answer: () => told<Replayed>("What each run came to, and all of them together: docs/guide/replay.md."),
  isLong: true,
});
