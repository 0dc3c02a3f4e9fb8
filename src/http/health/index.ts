import { Hono } from "hono";
import { overdueRun } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { serve } from "../operation.ts";
import { iso } from "../runs/present.ts";
import { getHealth, getReadiness } from "./schema.ts";

/** A run that could go on and was not taken up for so long: the engine is up, and does not get on. */
const overdueMsMax = 30_000;

/** Progress, not mere life; and readiness. */
export function healthRoutes(engine: Engine): Hono {
  const routes = new Hono();

  serve(routes, getHealth, ({ context }) => {
    const { executor, journal, metrics, isOwner } = engine;
    const ok = isOwner && overdueRun(engine, overdueMsMax) === undefined;
    const health = {
      ok,
      since: iso(engine.openedAt),
      position: journal.lastPosition(),
      lastCommitAt: iso(metrics.lastCommitAt),
      owner: isOwner,
      overdueMs: overdueMs(engine),
      loadedRuns: executor.loadedCount,
      queuedRuns: executor.queuedCount,
    };
    return context.json(health, ok ? 200 : 503);
  });

  serve(routes, getReadiness, ({ context }) => {
    const ready = engine.isOwner && engine.executor.takesWork;
    return context.json({ ready, warnings: engine.warnings }, ready ? 200 : 503);
  });

  return routes;
}

/** How long the first timer has rung that nobody has served, be it only for want of a place. */
function overdueMs({ control, clock }: Engine): number {
  const now = clock.now();
  return Math.max(0, now - (control.nextDueAt(0) ?? now));
}
