import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { derivedId, FlyballError } from "../../core/base/index.ts";
import { type RunFilter, RunNotFound, type RunRow, viewRun } from "../../core/executor/index.ts";
import type { JournalEvent } from "../../core/journal/index.ts";
import type { Engine } from "../../engine.ts";
import { keyOf } from "../keyed.ts";
import { followersMax, followersRetryMs } from "../limits.ts";
import { refuseCall } from "../openai/calls.ts";
import { serve } from "../operation.ts";
import { releaseOf } from "../production.ts";
import { searchedRunsMax } from "./limits.ts";
import { presentRow, presentRun } from "./present.ts";
import {
  cancelRun,
  followRun,
  getRun,
  getStep,
  listRuns,
  pauseRun,
  type RunQuery,
  restartRun,
  resumeRun,
  signalRun,
} from "./schema.ts";
import { showStep } from "./step.ts";

/** As many streams of events are followed as this serves at once. */
class TooManyFollowers extends FlyballError {
  readonly code = "TOO_MANY_FOLLOWERS";
  override readonly status = 429;
  override readonly exitCode = 3;
  override readonly retryAfterMs = followersRetryMs;
  constructor() {
    super(`${followersMax} streams of events are open already. Close one, or ask again later.`);
  }
}

/** `/v1/runs`: list, show, what ran at a step, follow, pause, resume, cancel, restart, signal. */
export function runRoutes(engine: Engine): Hono {
  const routes = new Hono();
  let followers = 0;

  serve(routes, listRuns, ({ query }) => {
    const filter = filterOf(query);
    const { rows, searchedTo } = engine.control.search(filter);
    const isFull = rows.length === filter.limit;
    const nextCursor = (isFull ? rows.at(-1)?.id : searchedTo) ?? null;
    return { items: rows.map(presentRow), nextCursor };
  });

  serve(routes, getRun, ({ params }) => showRun(engine, params.id));

  serve(routes, getStep, ({ params }) => showStep(engine, rowOf(engine, params.id), params.path));

  serve(routes, followRun, async ({ context, params }) => {
    const row = rowOf(engine, params.id);
    const accepts = context.req.header("accept") ?? "";
    if (!accepts.includes("text/event-stream")) return { items: await engine.journal.read(`run/${row.id}`) };
    const afterSeq = Number(context.req.header("last-event-id") ?? 0) || 0;
    if (followers >= followersMax) throw new TooManyFollowers();
    followers += 1;
    return streamSSE(context, async (stream) => {
      const stop = new AbortController();
      stream.onAbort(() => stop.abort());
      try {
        for await (const event of eventsOf(engine, row.id, afterSeq, stop.signal))
          await stream.writeSSE({ id: String(event.seq), event: event.type, data: JSON.stringify(event) });
      } finally {
        followers -= 1;
      }
    });
  });

  steeringRoutes(routes, engine);
  return routes;
}

function filterOf({
  tag: tags,
  q: text,
  costMin,
  costMax,
  shadows,
  from,
  to,
  cursor,
  ...query
}: RunQuery): RunFilter {
  const isSearch =
    Object.keys(tags).length > 0 || text !== undefined || costMin !== undefined || costMax !== undefined;
  const search = { tags, text, costMinUsd: costMin, costMaxUsd: costMax, runsMax: searchedRunsMax };
  return {
    ...query,
    withShadows: shadows,
    fromMs: from,
    toMs: to,
    before: cursor,
    among: isSearch ? search : undefined,
  };
}

function steeringRoutes(routes: Hono, engine: Engine): void {
  const steer = async (run: string, command: Parameters<Engine["command"]>[1], key: string | undefined) => {
    const { id } = rowOf(engine, run);
    await engine.command(id, command, key);
    return showSettled(engine, id);
  };

  serve(routes, cancelRun, ({ context, params, body: { reason = null } }) =>
    steer(params.id, { kind: "cancel", by: "local", reason }, commandId("cancel", context)),
  );

  serve(routes, pauseRun, ({ context, params, body: { reason = null } }) =>
    steer(params.id, { kind: "pause", by: "local", reason }, commandId("pause", context)),
  );

  serve(routes, resumeRun, ({ context, params, body: { skip } }) =>
    steer(
      params.id,
      { kind: "resume", by: "local", ...(skip ? { skip } : {}) },
      commandId("resume", context),
    ),
  );

  serve(routes, signalRun, ({ context, params, body: { event, data = null, id } }) =>
    steer(params.id, { kind: "signal", event, data }, id ?? keyOf(context)),
  );

  serve(routes, restartRun, async ({ context, params, body: { from, release } }) => {
    const row = rowOf(engine, params.id);
    refuseCall(row);
    const latest = release === "latest" ? await releaseOf(engine, row.workflow) : undefined;
    const key = keyOf(context);
    const run = await engine.executor.restart({
      of: row.id,
      from,
      ...(latest ? { release: latest } : {}),
      ...(key ? { id: derivedId("restart", row.id, key) } : {}),
    });
    context.header("location", `/v1/runs/${run}`);
    return showSettled(engine, run);
  });
}

/** A key means something of its own to each request, as a pause and the resume after it. */
function commandId(kind: string, context: Context): string | undefined {
  const key = keyOf(context);
  return key && `${kind} ${key}`;
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
async function* eventsOf(
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
