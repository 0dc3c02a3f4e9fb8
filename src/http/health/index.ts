import { Hono } from "hono";
import type { Engine } from "../../engine.ts";
import { serve } from "../operation.ts";
import { getHealth, getReadiness } from "./schema.ts";

/** Progress, not mere life; and readiness. */
export function healthRoutes(engine: Engine): Hono {
  const routes = new Hono();

  serve(routes, getHealth, () => {
    const { loadedCount: loadedRuns, queuedCount: queuedRuns } = engine.executor;
    return { ok: true, position: engine.journal.lastPosition(), loadedRuns, queuedRuns };
  });

  serve(routes, getReadiness, () => ({ ready: true, warnings: engine.warnings }));

  return routes;
}
