import { Hono } from "hono";
import { stream } from "hono/streaming";
import { z } from "zod";
import type { BatchNews, BatchRequest } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { readInputFile } from "../../project/index.ts";
import { bodyOf, NotFound, problemOf } from "../problem.ts";
import { type Summary, summarise } from "./summary.ts";

const startBody = z.strictObject({
  workflow: z.string(),
  input: z.string(),
  name: z.string().max(200).default(""),
  concurrency: z.number().int().min(1).max(1_000).default(8),
  again: z.boolean().default(false),
  continue: z.boolean().default(false),
  effects: z.literal("simulated").optional(),
});

/** What a line of a batch's answer says. */
export type BatchLine =
  | { readonly type: "opened"; readonly rows: number; readonly warnings: readonly string[] }
  | BatchNews
  | { readonly type: "summary"; readonly summary: Summary }
  | { readonly type: "error"; readonly problem: ReturnType<typeof problemOf>["body"] };

/**
 * `/v1/batches`: a workflow file over an input file, news as JSON Lines while it runs. It reads files of
 * this machine, so it is offered on the local socket alone.
 */
export function batchRoutes(engine: Engine): Hono {
  const routes = new Hono();
  routes.post("/", async (context) => {
    const request = await bodyOf(context, startBody);
    const { release, warnings } = await engine.open(request.workflow);
    const { definition } = release;
    const schema = definition.type === "document" ? definition.workflow.document.input : undefined;
    const input = readInputFile(request.input, schema);
    context.header("content-type", "application/x-ndjson");
    return stream(context, async (out) => {
      const stop = new AbortController();
      out.onAbort(() => stop.abort());
      const tell = (line: BatchLine) => void out.write(`${JSON.stringify(line)}\n`);
      tell({ type: "opened", rows: input.rows.length, warnings });
      const { digest: inputDigest, rows } = input;
      await runBatch(engine, { ...request, release, inputDigest, rows, signal: stop.signal }, tell);
    });
  });
  routes.get("/:id", (context) => {
    const batch = engine.control.batch(context.req.param("id"));
    if (!batch) throw new NotFound(`There is no batch ${context.req.param("id")}.`);
    return context.json(batch);
  });
  return routes;
}

async function runBatch(
  engine: Engine,
  request: BatchRequest,
  tell: (line: BatchLine) => void,
): Promise<void> {
  try {
    const refused: { row: number; problem: string }[] = [];
    const batch = await engine.batches.run(request, (news) => {
      if (news.type === "refused") refused.push({ row: news.row, problem: news.problem });
      tell(news);
    });
    if (request.signal.aborted) return;
    tell({ type: "summary", summary: await summarise(engine, batch, request.rows, refused) });
  } catch (error) {
    tell({ type: "error", problem: problemOf(error).body });
  }
}
