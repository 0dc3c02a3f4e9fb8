import { Hono } from "hono";
import type { Engine } from "../engine.ts";
import { assetRoutes } from "./assets/index.ts";
import { batchRoutes } from "./batches/index.ts";
import { journalRoutes } from "./journal/index.ts";
import { answerProblem, NotFound, OriginRefused } from "./problem.ts";
import { reviewRoutes } from "./reviews/index.ts";
import { rolloutRoutes } from "./rollouts/index.ts";
import { runRoutes } from "./runs/index.ts";
import { scoreRoutes } from "./scores/index.ts";
import { switchRoutes } from "./switches/index.ts";
import { workflowRoutes } from "./workflows/index.ts";

export interface AppOptions {
  readonly engine: Engine;
  /** Over the local socket, which only this user can open: no host check, and batches of local files. */
  readonly isLocal: boolean;
}

/** Every way in, as one function from a request to an answer. */
export function createApp({ engine, isLocal }: AppOptions): Hono {
  const app = new Hono();
  app.onError((error, context) => answerProblem(context, error));
  app.notFound((context) => answerProblem(context, new NotFound(`There is nothing at ${context.req.path}.`)));
  if (!isLocal) app.use("*", guard);
  app.get("/healthz", (context) => context.json(health(engine)));
  app.get("/readyz", (context) => context.json({ ready: true }));
  app.route("/v1/workflows", workflowRoutes(engine));
  app.route("/v1/runs", runRoutes(engine));
  app.route("/v1/runs", scoreRoutes(engine));
  app.route("/v1/assets", assetRoutes(engine, isLocal));
  app.route("/v1/rollouts", rolloutRoutes(engine));
  app.route("/v1/switches", switchRoutes(engine));
  app.route("/v1/reviews", reviewRoutes(engine));
  app.route("/v1/journal", journalRoutes(engine));
  if (isLocal) app.route("/v1/batches", batchRoutes(engine));
  return app;
}

type Guard = Parameters<Hono["use"]>[1];

/**
 * Until there is access control, only this machine may ask, and only by a name of its own: a page whose
 * host name was made to point here (DNS rebinding) has another `Host`, a page of another site another `Origin`.
 */
const guard: Guard = async (context, next) => {
  const host = context.req.header("host") ?? "";
  if (!isOwnHost(host)) throw new OriginRefused(`The host ${JSON.stringify(host)} is not answered here.`);
  const origin = context.req.header("origin");
  if (origin !== undefined && origin !== `http://${host}`)
    throw new OriginRefused(`Requests from ${origin} are not answered.`);
  if (context.req.header("sec-fetch-site") === "cross-site")
    throw new OriginRefused("Requests from other sites are not answered.");
  context.header("x-content-type-options", "nosniff");
  context.header("cache-control", "no-store");
  await next();
};

function isOwnHost(host: string): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
}

/** Progress, not mere life: how far the journal is, and how much is under way. */
function health(engine: Engine) {
  const { loadedCount: loadedRuns, queuedCount: queuedRuns } = engine.executor;
  return { ok: true, position: engine.journal.lastPosition(), loadedRuns, queuedRuns };
}
