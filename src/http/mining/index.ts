import { Hono } from "hono";
import { stream } from "hono/streaming";
import { dayMs } from "../../core/base/index.ts";
import { pagesOf } from "../../core/journal/index.ts";
import type { Engine } from "../../engine.ts";
import {
  type EventLog,
  JournalLog,
  summarize,
  writeCsv,
  writeXes,
  xesPartsOf,
} from "../../loop/mining/index.ts";
import { serve } from "../operation.ts";
import { getEventLog, getMining, type LogQuery } from "./schema.ts";

/** `/v1/mining`: how runs really went, in figures, and as an event log for other tools. */
export function miningRoutes(engine: Engine): Hono {
  const routes = new Hono();

  serve(routes, getMining, async ({ query: { variants, ...query } }) => {
    const { log, notes } = await journalLog(engine, query);
    return summarize(log, { variantsMax: variants, notes });
  });

  serve(routes, getEventLog, async ({ context, query: { format, ...query } }) => {
    const { log } = await journalLog(engine, query);
    context.header("content-type", format === "xes" ? "application/xml" : "text/csv; charset=utf-8");
    const texts = format === "xes" ? writeXes(xesPartsOf(log)) : writeCsv(log);
    return stream(context, async (out) => {
      for (const text of inPieces(texts)) await out.write(text);
    });
  });

  return routes;
}

/** Reads all of the journal. */
async function journalLog(
  { journal, control }: Engine,
  { workflow, from, to, case: caseIs, activity }: LogQuery,
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
  for await (const page of pagesOf(journal)) for (const event of page) mined.add(event);
  return mined.build();
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
