import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import { derivedId } from "../../core/base/index.ts";
import { type RunFilter, RunNotFound, type RunRow, runStatuses, viewRun } from "../../core/executor/index.ts";
import type { JournalEvent } from "../../core/journal/index.ts";
import type { Engine } from "../../engine.ts";
import { answerInParts } from "../answer.ts";
import { anyJson, bodyOf, queryOf } from "../problem.ts";
import { releaseOf } from "../production.ts";
import { searchedRunsMax } from "./limits.ts";
import { presentRow, presentRun } from "./present.ts";
import { showStep } from "./step.ts";

const tag = z
  .string()
  .max(400)
  .regex(/^[^=]+=/, "expected a name and a value, such as tenant=acme")
  .transform((text): [string, string] => {
    const at = text.indexOf("=");
    return [text.slice(0, at), text.slice(at + 1)];
  });
/** A day is the moment at which it begins (UTC). */
const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], { error: "expected a moment of ISO 8601" })
  .transform((text) => Date.parse(text));
const listQuery = z.object({
  workflow: z.string().optional(),
  status: z.enum(runStatuses).optional(),
  batch: z.string().optional(),
  shadows: z.stringbool().default(false),
  tag: z
    .preprocess((value) => [value ?? []].flat(), z.array(tag).max(20))
    .transform((tags) => Object.fromEntries(tags)),
  q: z.string().max(200).optional(),
  costMin: z.coerce.number().min(0).optional(),
  costMax: z.coerce.number().min(0).optional(),
  from: moment.optional(),
  to: moment.optional(),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
});
const cancelBody = z.strictObject({ reason: z.string().max(2_000).optional() });
const pauseBody = z.strictObject({ reason: z.string().max(2_000).optional() });
const restartBody = z.strictObject({
  from: z.string().min(1).max(1_000),
  release: z.enum(["same", "latest"]).default("same"),
});
const resumeBody = z.strictObject({ skip: z.strictObject({ value: anyJson }).optional() });
const signalBody = z.strictObject({
  event: z.string().min(1).max(200),
  data: anyJson.optional(),
  id: z.string().max(200).optional(),
});

/** `/v1/runs`: list, show, what ran at a step, follow, pause, resume, cancel, restart, signal. */
export function runRoutes(engine: Engine): Hono {
  const routes = new Hono();

  routes.get("/", (context) => {
    const filter = filterOf(queryOf(context, listQuery));
    const rows = engine.control.runs(filter);
    const nextCursor = rows.length === filter.limit ? rows.at(-1)?.id : engine.control.searchedTo(filter);
    return context.json({ items: rows.map(presentRow), nextCursor: nextCursor ?? null });
  });

  routes.get("/:id", async (context) =>
    answerInParts(context, await showRun(engine, context.req.param("id"))),
  );

  routes.get("/:id/steps/:path", async (context) => {
    const row = rowOf(engine, context.req.param("id"));
    return context.json(await showStep(engine, row, context.req.param("path")));
  });

  routes.get("/:id/events", async (context) => {
    const row = rowOf(engine, context.req.param("id"));
    const accepts = context.req.header("accept") ?? "";
    if (!accepts.includes("text/event-stream"))
      return answerInParts(context, { items: await engine.journal.read(`run/${row.id}`) });
    const afterSeq = Number(context.req.header("last-event-id") ?? 0) || 0;
    return streamSSE(context, async (stream) => {
      const stop = new AbortController();
      stream.onAbort(() => stop.abort());
      for await (const event of followRun(engine, row.id, afterSeq, stop.signal))
        await stream.writeSSE({ id: String(event.seq), event: event.type, data: JSON.stringify(event) });
    });
  });

  steeringRoutes(routes, engine);
  return routes;
}

function filterOf(query: z.infer<typeof listQuery>): RunFilter {
  const { workflow, status, batch, shadows, from, to, cursor, limit } = query;
  const { tag: tags, q: text, costMin, costMax } = query;
  const isSearch =
    Object.keys(tags).length > 0 || text !== undefined || costMin !== undefined || costMax !== undefined;
  return {
    workflow,
    status,
    batch,
    withShadows: shadows,
    fromMs: from,
    toMs: to,
    before: cursor,
    limit,
    among: isSearch
      ? { tags, text, costMinUsd: costMin, costMaxUsd: costMax, runsMax: searchedRunsMax }
      : undefined,
  };
}

function steeringRoutes(routes: Hono, engine: Engine): void {
  routes.post("/:id/cancel", async (context) => {
    const { reason } = await bodyOf(context, cancelBody);
    const { id } = rowOf(engine, context.req.param("id"));
    await engine.command(
      id,
      { kind: "cancel", by: "local", reason: reason ?? null },
      context.req.header("idempotency-key"),
    );
    return answerInParts(context, await showSettled(engine, id), 202);
  });

  routes.post("/:id/pause", async (context) => {
    const { reason } = await bodyOf(context, pauseBody);
    const { id } = rowOf(engine, context.req.param("id"));
    const command = { kind: "pause", by: "local", reason: reason ?? null } as const;
    await engine.command(id, command, context.req.header("idempotency-key"));
    return answerInParts(context, await showSettled(engine, id), 202);
  });

  routes.post("/:id/restart", async (context) => {
    const { from, release } = await bodyOf(context, restartBody);
    const row = rowOf(engine, context.req.param("id"));
    const latest = release === "latest" ? await releaseOf(engine, row.workflow) : undefined;
    const key = context.req.header("idempotency-key");
    const run = await engine.executor.restart({
      of: row.id,
      from,
      ...(latest ? { release: latest } : {}),
      ...(key ? { id: derivedId("restart", row.id, key) } : {}),
    });
    context.header("location", `/v1/runs/${run}`);
    return answerInParts(context, await showSettled(engine, run), 202);
  });

  routes.post("/:id/resume", async (context) => {
    const { skip } = await bodyOf(context, resumeBody);
    const { id } = rowOf(engine, context.req.param("id"));
    const command = { kind: "resume", by: "local", ...(skip ? { skip } : {}) } as const;
    await engine.command(id, command, context.req.header("idempotency-key"));
    return answerInParts(context, await showSettled(engine, id), 202);
  });

  routes.post("/:id/signals", async (context) => {
    const { event, data, id: signalId } = await bodyOf(context, signalBody);
    const { id } = rowOf(engine, context.req.param("id"));
    const key = signalId ?? context.req.header("idempotency-key");
    await engine.command(id, { kind: "signal", event, data: data ?? null }, key);
    return answerInParts(context, await showSettled(engine, id), 202);
  });
}

function rowOf(engine: Engine, id: string): RunRow {
  const row = engine.control.run(id);
  if (!row) throw new RunNotFound(id);
  return row;
}

export async function showRun(engine: Engine, id: string) {
  return presentRun(rowOf(engine, id), viewRun(id, await engine.journal.read(`run/${id}`)));
}

/** How long an answer waits for what a command sets going, before it shows the run as it is. */
const settleMs = 2_000;

export async function showSettled(engine: Engine, id: string, waitMs = settleMs) {
  // A timer that is left behind would keep the process alive for as long as anybody had been ready to wait.
  let stop = () => {};
  const waited = new Promise<void>((resolve) => {
    stop = engine.clock.after(waitMs, resolve);
  });
  await Promise.race([engine.executor.settled(id), waited]).finally(() => stop());
  return showRun(engine, id);
}

/** The events of one run as they come; ends after the run's last one. */
async function* followRun(
  engine: Engine,
  id: string,
  afterSeq: number,
  signal: AbortSignal,
): AsyncGenerator<JournalEvent> {
  let seq = afterSeq;
  for (;;) {
    const position = engine.journal.lastPosition();
    const events = await engine.journal.read(`run/${id}`, seq);
    for (const event of events) {
      seq = event.seq;
      yield event;
    }
    if (signal.aborted || engine.control.run(id)?.endedAt !== null) return;
    if (events.length > 0) continue;
    const { value } = await engine.journal.follow(position, signal).next();
    if (!value) return;
  }
}
