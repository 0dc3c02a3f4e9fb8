import { z } from "zod";
import { operation } from "../operation.ts";
import { list, moment } from "../schema.ts";

export const getHealth = operation({
  id: "getHealth",
  method: "get",
  path: "/healthz",
  summary: "Progress: how far the journal is, and how much is under way. 503 where it does not get on.",
  answer: () =>
    z.object({
      ok: z.boolean(),
      since: moment.describe("When this process opened the data folder."),
      position: z.int(),
      lastCommitAt: moment.nullable().describe("Of this process."),
      owner: z.boolean().describe("Whether the data folder is still this process's, and its journal open."),
      overdueMs: z.number().describe("How long the first timer has rung that nobody has served."),
      loadedRuns: z.int(),
      queuedRuns: z.int(),
    }),
});

export const getReadiness = operation({
  id: "getReadiness",
  method: "get",
  path: "/readyz",
  summary: "Readiness, with what somebody should see to although everything goes on. 503 where it is not.",
  answer: () => z.object({ ready: z.boolean(), warnings: list(z.string()) }),
});
