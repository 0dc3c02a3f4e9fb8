import { Hono } from "hono";
import { stream } from "hono/streaming";
import { z } from "zod";
import { nextTurn } from "../../core/base/index.ts";
import type { Engine } from "../../engine.ts";
import {
  type EventLog,
  JournalLog,
  summarize,
  variantsShownDefault,
  writeCsv,
  writeXes,
  xesPartsOf,
} from "../../loop/mining/index.ts";
import { queryOf } from "../problem.ts";

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

/** `/v1/mining`: how runs really went, in figures, and as an event log for other tools. */
export function miningRoutes(engine: Engine): Hono {
  const routes = new Hono();

  routes.get("/", async (context) => {
    const { variants, ...query } = queryOf(context, summaryQuery);
    const { log, notes } = await journalLog(engine, query);
    return context.json(summarize(log, { variantsMax: variants, notes }));
  });

  routes.get("/log", async (context) => {
    const { format, ...query } = queryOf(context, fileQuery);
    const { log } = await journalLog(engine, query);
    context.header("content-type", format === "xes" ? "application/xml" : "text/csv; charset=utf-8");
    const texts = format === "xes" ? writeXes(xesPartsOf(log)) : writeCsv(log);
    return stream(context, async (out) => {
      for (const text of inPieces(texts)) await out.write(text);
    });
  });

  return routes;
}

const pageEvents = 1_000;
const dayMs = 86_400_000;

/** Reads all of the journal; others have their turns between pages. */
async function journalLog(
  { journal, control }: Engine,
  { workflow, from, to, case: caseIs, activity }: z.infer<typeof logQuery>,
): Promise<{ readonly log: EventLog; readonly notes: readonly string[] }> {
  const mined = new JournalLog({
    activity,
    workflow,
    caseTag: caseIs === "run" ? undefined : caseIs.slice("tag:".length),
    fromMs: from === undefined ? undefined : Date.parse(from),
    toMs: to === undefined ? undefined : Date.parse(to) + dayMs,
    describe(run) {
      const row = control.run(run);
      return row && { workflow: row.workflow, tags: JSON.parse(row.tags), beganAt: row.startedAt };
    },
  });
  for (let position = 0; ; ) {
    const page = await journal.readAll(position, pageEvents);
    const last = page.at(-1);
    if (!last) return mined.build();
    for (const event of page) mined.add(event);
    position = last.position;
    await nextTurn();
  }
}

const pieceChars = 65_536;

function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece = "";
  for (const text of texts) {
    piece += text;
    if (piece.length < pieceChars) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}
