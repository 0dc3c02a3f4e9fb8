import { z } from "zod";
import { type summarize, variantsShownDefault } from "../../loop/mining/index.ts";
import { operation } from "../operation.ts";
import { told } from "../schema.ts";

type Summary = ReturnType<typeof summarize>;

const day = z.iso.date("expected a day such as 2026-01-31");
const logQuery = z.object({
  workflow: z.string().optional(),
  /** Days, UTC: runs that began on the first, on the last, or between. */
  from: day.optional(),
  to: day.optional(),
  case: z
    .string()
    .regex(/^(?:run|tag:.+)$/, "expected run, or tag:NAME")
    .default("run"),
  activity: z.enum(["path", "kind"]).default("path"),
});
const summaryQuery = logQuery.extend({
  variants: z.coerce.number().int().min(0).max(10_000).default(variantsShownDefault),
});
const fileQuery = logQuery.extend({ format: z.enum(["xes", "csv"]).default("xes") });

export type LogQuery = z.output<typeof logQuery>;

export const getMining = operation({
  id: "getMining",
  method: "get",
  path: "/v1/mining",
  summary: "How runs really went: variants, the directly-follows graph, waits, rework and hand-overs.",
  query: summaryQuery,
  answer: () => told<Summary>("Cases, events, variants, edges and waits: docs/guide/mining.md."),
});

export const getEventLog = operation({
  id: "getEventLog",
  method: "get",
  path: "/v1/mining/log",
  summary: "The same runs as an event log for other tools, in XES or CSV.",
  query: fileQuery,
  answer: () => z.unknown(),
  files: ["application/xml", "text/csv"],
});
