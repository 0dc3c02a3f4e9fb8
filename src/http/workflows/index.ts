import { Hono } from "hono";
import { z } from "zod";
import { derivedId, parseDuration } from "../../core/base/index.ts";
import type { Release } from "../../core/executor/index.ts";
import { StaleAppend } from "../../core/journal/index.ts";
import type { Engine } from "../../engine.ts";
import { anyJson, bodyOf, NotFound, queryOf, RequestInvalid } from "../problem.ts";
import { showRun, showSettled } from "../runs/index.ts";

const startQuery = z.object({ wait: z.string().optional() });
const startBody = z.strictObject({
  input: anyJson,
  tags: z.record(z.string().max(100), z.string().max(200)).optional(),
  expected: anyJson.optional(),
});
const waitMaxMs = 60_000;

/** The workflows that this server serves, by name; the map may change while it runs. */
export type Served = ReadonlyMap<string, Release>;

/** `/v1/workflows`: what can be started, and starting it. */
export function workflowRoutes(engine: Engine, served: () => Served): Hono {
  const routes = new Hono();

  routes.get("/", (context) =>
    context.json({ items: [...served().values()].map(presentRelease), nextCursor: null }),
  );

  routes.post("/:name/runs", async (context) => {
    const waitMs = waitOf(queryOf(context, startQuery).wait);
    const body = await bodyOf(context, startBody);
    const release = releaseOf(served(), context.req.param("name"));
    const { input, tags, expected } = body;
    const key = context.req.header("idempotency-key");
    const id = key ? derivedId("request", release.workflow, key) : undefined;
    const run = await startOnce(engine, {
      release,
      input,
      ...(id ? { id } : {}),
      ...(tags ? { tags } : {}),
      ...(expected === undefined ? {} : { expected }),
    });
    context.header("location", `/v1/runs/${run}`);
    if (waitMs === undefined) return context.json(await showRun(engine, run), 202);
    const shown = await showSettled(engine, run, waitMs);
    return context.json(shown, shown.endedAt ? 200 : 202);
  });

  return routes;
}

/** The same idempotency key again finds the run that is there. */
async function startOnce(
  engine: Engine,
  request: Parameters<Engine["executor"]["start"]>[0],
): Promise<string> {
  try {
    return await engine.executor.start(request);
  } catch (error) {
    if (error instanceof StaleAppend && request.id) return request.id;
    throw error;
  }
}

function waitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const waitMs = parseDuration(text);
  if (waitMs > waitMaxMs) throw new RequestInvalid([`wait: at most ${waitMaxMs / 1_000}s`]);
  return waitMs;
}

function releaseOf(served: Served, name: string): Release {
  const release = served.get(name);
  if (!release)
    throw new NotFound(
      `There is no workflow ${name} here; there is ${[...served.keys()].join(", ") || "none"}.`,
    );
  return release;
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
