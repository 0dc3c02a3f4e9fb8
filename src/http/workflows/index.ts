import { Hono } from "hono";
import { dayMs, derivedId, FlyballError, parseDuration, toJson } from "../../core/base/index.ts";
import type { Release } from "../../core/executor/index.ts";
import { workflowJsonSchema } from "../../core/workflow/index.ts";
import type { Engine } from "../../engine.ts";
import { windowDaysMax } from "../../loop/figures/index.ts";
import { answerInParts } from "../answer.ts";
import { keyOf, refuseOther } from "../keyed.ts";
import { serve } from "../operation.ts";
import { RequestInvalid } from "../problem.ts";
import { refuseUnknown, releaseOf } from "../production.ts";
import { showRun, showSettled } from "../runs/index.ts";
import { getMetrics, getSchema, listWorkflows, type StartBody, startRun } from "./schema.ts";

const waitMaxMs = 60_000;

/** `/v1/workflows`: what can be started, starting it, and the JSON Schema of how one is written. */
export function workflowRoutes(engine: Engine): Hono {
  const routes = new Hono();

  serve(routes, listWorkflows, async () => {
    const names = engine.registry.runnableNames();
    const items = await Promise.all(names.map((name) => presentWorkflow(engine, name)));
    return { items, nextCursor: null };
  });

  serve(routes, getSchema, () => workflowJsonSchema(engine.kinds));

  serve(routes, getMetrics, async ({ params: { name }, query }) => {
    const days = daysOf(query.window);
    const { definition } = await releaseOf(engine, name);
    const targets = definition.type === "document" ? definition.workflow.document.targets : undefined;
    return { workflow: name, targets: targets ?? {}, ...(await engine.figures.of(name, days)) };
  });

  serve(routes, startRun, async ({ context, params: { name }, query, body }) => {
    const waitMs = waitOf(query.wait);
    refuseUnknown(engine, name);
    const { input, tags, expected, priority } = body;
    const key = keyOf(context);
    const id = key ? derivedId("request", name, key) : undefined;
    const run = await engine.start(name, {
      input,
      ...(id ? { id } : {}),
      ...(tags ? { tags } : {}),
      ...(expected === undefined ? {} : { expected }),
      ...(priority === undefined ? {} : { priority }),
    });
    if (id) await refuseOtherStart(engine, id, body);
    context.header("location", `/v1/runs/${run}`);
    if (waitMs === undefined) return showRun(engine, run);
    const shown = await showSettled(engine, run, waitMs);
    return shown.endedAt ? answerInParts(context, shown) : shown;
  });

  return routes;
}

/** Of a run that retention has emptied nobody knows; it is the one that the key began. */
async function refuseOtherStart({ journal }: Engine, id: string, { input, tags = {}, expected }: StartBody) {
  const started = (await journal.read(`run/${id}`))[0]?.data;
  if (!started) return;
  const recorded = { input: started.input, tags: started.tags ?? {}, expected: started.expected };
  refuseOther(toJson(recorded), toJson({ input, tags, expected }));
}

/** Whole days (UTC), today among them. */
function daysOf(window: string): number {
  const days = Math.ceil(parseDuration(window) / dayMs);
  if (days < 1 || days > windowDaysMax) throw new RequestInvalid([`window: 1d to ${windowDaysMax}d`]);
  return days;
}

function waitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const waitMs = parseDuration(text);
  if (waitMs > waitMaxMs) throw new RequestInvalid([`wait: at most ${waitMaxMs / 1_000}s`]);
  return waitMs;
}

/** One that could not run now says why, and does not hide the others. */
async function presentWorkflow(engine: Engine, name: string) {
  try {
    return presentRelease(await releaseOf(engine, name));
  } catch (error) {
    if (!(error instanceof FlyballError)) throw error;
    const problem = error.message;
    return { name, version: null, release: null, description: null, document: null, problem };
  }
}

function presentRelease(release: Release) {
  const document = release.definition.type === "document" ? release.definition.workflow.document : null;
  return {
    name: release.workflow,
    version: release.version,
    release: release.digest,
    description: document?.description ?? null,
    document,
  };
}
