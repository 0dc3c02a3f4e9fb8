import { z } from "zod";
import { operation } from "../operation.ts";
import { list } from "../schema.ts";

export const getHealth = operation({
  id: "getHealth",
  method: "get",
  path: "/healthz",
  summary: "Progress: how far the journal is, and how much is under way.",
  answer: () => z.object({ ok: z.boolean(), position: z.int(), loadedRuns: z.int(), queuedRuns: z.int() }),
});

export const getReadiness = operation({
  id: "getReadiness",
  method: "get",
  path: "/readyz",
  summary: "Readiness, with what somebody should see to although everything goes on.",
  answer: () => z.object({ ready: z.boolean(), warnings: list(z.string()) }),
});
