import { z } from "zod";
import { variantsShownDefault } from "../../loop/mining/index.ts";
import { operation } from "../operation.ts";
import { day, list, moment, once, share } from "../schema.ts";

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

const spread = once(() => z.object({ meanMs: z.number(), totalMs: z.number() }));
const duration = once(() => spread().extend({ medianMs: z.number() }).meta({ id: "Duration" }));
/** What is not known is null, and never zero. */
const times = once(() =>
  z.object({
    service: spread().nullable(),
    queue: spread().nullable(),
    human: spread().nullable(),
    external: spread().nullable(),
    cost: z.number().nullable().describe("In all, in the unit of the log."),
  }),
);
const between = once(() => z.object({ from: z.string(), to: z.string(), count: z.int() }));
const frequencies = once(() => z.record(z.string(), z.int()).readonly());

const edge = once(() =>
  between()
    .extend({ elapsed: duration().nullable(), ...times().shape })
    .meta({ id: "MiningEdge", description: "What directly follows what; the times are of the later one." }),
);

const variant = once(() =>
  z
    .object({
      activities: list(z.string()),
      cases: z.int(),
      share,
      duration: duration().nullable(),
      cost: z.number().nullable().describe("Of all its cases together."),
      example: z.string().describe("One of its cases: the id of a run, where a case is a run."),
    })
    .meta({ id: "Variant", description: "A way that cases went." }),
);

const summary = once(() =>
  z
    .object({
      cases: z.int(),
      events: z.int(),
      activities: z.int(),
      variants: z.int(),
      dfg: list(z.tuple([z.string(), z.string(), z.int()]).readonly()),
      startActivities: frequencies(),
      endActivities: frequencies(),
      firstAt: moment.nullable(),
      lastAt: moment.nullable(),
      caseDuration: duration().nullable(),
      topVariants: list(variant()),
      edges: list(edge()),
      activityTimes: list(
        times().extend({ activity: z.string(), count: z.int() }).meta({ id: "ActivityTimes" }),
      ),
      rework: list(z.object({ activity: z.string(), cases: z.int(), repeats: z.int() })),
      handovers: list(between()),
      bottlenecks: list(
        between().extend({
          of: z.enum(["queue", "human", "external", "elapsed"]),
          waitMs: z.number(),
          share,
        }),
      ),
      notes: list(z.string()).describe("What is not in these figures, and why."),
    })
    .meta({ id: "Mined", description: "Each figure is told in docs/guide/mining.md." }),
);

export const getMining = operation({
  id: "getMining",
  method: "get",
  path: "/v1/mining",
  summary: "How runs really went: variants, the directly-follows graph, waits, rework and hand-overs.",
  query: summaryQuery,
  answer: summary,
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
