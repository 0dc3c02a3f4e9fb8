import { Hono } from "hono";
import { z } from "zod";
import type { Engine } from "../../engine.ts";
import { replay, replayRunsMax } from "../../loop/evals/index.ts";
import { assetVersions, candidateRelease, replayDeps, versionName } from "../candidate.ts";
import { bodyOf } from "../problem.ts";

const replayBody = z.strictObject({
  workflow: z.string().min(1).max(1_000),
  version: versionName,
  assets: assetVersions,
  runs: z
    .union([
      z.array(z.string().min(1).max(200)).max(replayRunsMax),
      z.strictObject({
        of: z.string().min(1).max(200).optional(),
        last: z.number().int().min(1).max(replayRunsMax),
      }),
    ])
    .default({ last: 100 }),
  allow: z.array(z.string().min(1).max(200)).max(1_000).default([]),
  simulate: z.boolean().default(false),
});

type ReplayBody = z.infer<typeof replayBody>;

/** `/v1/replays`: recorded runs, walked again with another version. Nothing is appended to any of them. */
export function replayRoutes(engine: Engine, isLocal: boolean): Hono {
  const routes = new Hono();
  routes.post("/", async (context) => {
    const body = await bodyOf(context, replayBody);
    const candidate = await candidateRelease(engine, body, isLocal);
    const runs = runsOf(engine, candidate.workflow, body.runs);
    const permissions = { allow: new Set(body.allow), simulate: body.simulate };
    const replayed = await replay({ runs, candidate, permissions }, replayDeps(engine));
    return context.json({ workflow: candidate.workflow, release: candidate.digest, ...replayed });
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
