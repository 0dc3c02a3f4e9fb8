import { Hono } from "hono";
import { z } from "zod";
import { derivedId, FlyballError, parseDuration } from "../../core/base/index.ts";
import type { Release } from "../../core/executor/index.ts";
import { workflowJsonSchema } from "../../core/workflow/index.ts";
import type { Engine } from "../../engine.ts";
import { answerInParts } from "../answer.ts";
import { anyJson, bodyOf, queryOf, RequestInvalid } from "../problem.ts";
import { refuseUnknown, releaseOf } from "../production.ts";
import { showRun, showSettled } from "../runs/index.ts";
import { WorkflowMetrics } from "./metrics/index.ts";
import { windowDaysMax } from "./metrics/limits.ts";

const startQuery = z.object({ wait: z.string().optional() });
const startBody = z.strictObject({
  input: anyJson,
  tags: z.record(z.string().max(100), z.string().max(200)).optional(),
  expected: anyJson.optional(),
  priority: z.number().min(-1_000_000).max(1_000_000).optional(),
});
const metricsQuery = z.object({ window: z.string().default("7d") });
const waitMaxMs = 60_000;

/** `/v1/workflows`: what can be started, starting it, and the JSON Schema of how one is written. */
export function workflowRoutes(engine: Engine): Hono {
  const routes = new Hono();
  const metrics = new WorkflowMetrics(engine);

  routes.get("/", async (context) => {
    const names = engine.registry.runnableNames();
    const items = await Promise.all(names.map((name) => presentWorkflow(engine, name)));
    return context.json({ items, nextCursor: null });
  });

  routes.get("/schema", (context) => context.json(workflowJsonSchema(engine.kinds)));

  routes.get("/:name/metrics", async (context) => {
    const days = daysOf(queryOf(context, metricsQuery).window);
    const name = context.req.param("name");
    const { definition } = await releaseOf(engine, name);
    const targets = definition.type === "document" ? definition.workflow.document.targets : undefined;
    return context.json({ workflow: name, targets: targets ?? {}, ...(await metrics.of(name, days)) });
  });

  routes.post("/:name/runs", async (context) => {
    const waitMs = waitOf(queryOf(context, startQuery).wait);
    const body = await bodyOf(context, startBody);
    const name = context.req.param("name");
    refuseUnknown(engine, name);
    const { input, tags, expected, priority } = body;
    const key = context.req.header("idempotency-key");
    const id = key ? derivedId("request", name, key) : undefined;
    const run = await engine.start(name, {
      input,
      ...(id ? { id } : {}),
      ...(tags ? { tags } : {}),
      ...(expected === undefined ? {} : { expected }),
      ...(priority === undefined ? {} : { priority }),
    });
    context.header("location", `/v1/runs/${run}`);
    if (waitMs === undefined) return answerInParts(context, await showRun(engine, run), 202);
    const shown = await showSettled(engine, run, waitMs);
    return answerInParts(context, shown, shown.endedAt ? 200 : 202);
  });

  return routes;
}

/** Whole days (UTC), today among them. */
function daysOf(window: string): number {
  const days = Math.ceil(parseDuration(window) / 86_400_000);
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
