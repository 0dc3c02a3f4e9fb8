import { Hono } from "hono";
import { z } from "zod";
import type { Release } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { type ReplaysDeps, replay, replayRunsMax } from "../../loop/evals/index.ts";
import { referencesOf } from "../../models/gateway/index.ts";
import { bodyOf, NotFound } from "../problem.ts";
import { type Served, servedRelease } from "../served.ts";

const replayBody = z.strictObject({
  workflow: z.string().min(1).max(1_000),
  version: z.string().min(1).max(200).default("production"),
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
export function replayRoutes(engine: Engine, served: () => Served, isLocal: boolean): Hono {
  const routes = new Hono();
  routes.post("/", async (context) => {
    const body = await bodyOf(context, replayBody);
    const candidate = await candidateRelease(engine, served, body, isLocal);
    const runs = runsOf(engine, candidate.workflow, body.runs);
    const permissions = { allow: new Set(body.allow), simulate: body.simulate };
    const replayed = await replay({ runs, candidate, permissions }, replayDeps(engine));
    return context.json({ workflow: candidate.workflow, release: candidate.digest, ...replayed });
  });
  return routes;
}

function replayDeps(engine: Engine): ReplaysDeps {
  const { clock, journal, releases, executor } = engine;
  return {
    clock,
    journal,
    load: (digest) => releases.load(digest),
    programOf: executor.programOf,
    check: (used) => executor.switchboard.check(used),
    namedBy: ({ kind, content }) => referencesOf(kind, content),
  };
}

const releaseDigest = /^[0-9a-f]{64}$/;

/** A release by its digest; or a file of this machine, where only its user asks; or what is production. */
function candidateRelease(
  engine: Engine,
  served: () => Served,
  { workflow, version }: ReplayBody,
  isLocal: boolean,
): Release | Promise<Release> {
  if (releaseDigest.test(version)) return engine.releases.load(version);
  if (isLocal && /\.(ya?ml|json|[cm]?[jt]s)$/.test(workflow))
    return engine.open(workflow).then(({ release }) => release);
  if (version !== "production")
    throw new NotFound(
      `There is no version ${version} of ${workflow}: expected production, or the digest of a release.`,
    );
  return servedRelease(served(), workflow);
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
