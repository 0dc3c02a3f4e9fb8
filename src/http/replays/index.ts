import { Hono } from "hono";
import type { z } from "zod";
import type { Engine } from "../../engine.ts";
import { replay } from "../../loop/evals/index.ts";
import { candidateRelease } from "../candidate.ts";
import { serve } from "../operation.ts";
import { replayRuns } from "./schema.ts";

type ReplayBody = z.infer<NonNullable<typeof replayRuns.body>>;

/** `/v1/replays`: recorded runs, walked again with another version. Nothing is appended to any of them. */
export function replayRoutes(engine: Engine, isLocal: boolean): Hono {
  const routes = new Hono();
  serve(routes, replayRuns, async ({ body }) => {
    const candidate = await candidateRelease(engine, body, isLocal);
    const runs = runsOf(engine, candidate.workflow, body.runs);
    const permissions = { allow: new Set(body.allow), simulate: body.simulate };
    const replayed = await replay({ runs, candidate, permissions }, engine.replayDeps);
    return { workflow: candidate.workflow, release: candidate.digest, ...replayed };
  });
  return routes;
}

/** The runs that are named, or the last ones that have ended by themselves. */
function runsOf(engine: Engine, workflow: string, runs: ReplayBody["runs"]): readonly string[] {
  if (Array.isArray(runs)) return runs;
  const { of = workflow, last } = runs as { of?: string; last: number };
  const ended = (["completed", "failed", "rejected"] as const).flatMap((status) =>
    engine.control.runs({ workflow: of, status, limit: last }),
  );
  const newest = ended.sort((one, other) => other.startedAt - one.startedAt || (one.id < other.id ? 1 : -1));
  return newest.slice(0, last).map(({ id }) => id);
}
