import { type Context, Hono } from "hono";
import type { AssetSource } from "../core/workflow/index.ts";
import type { Engine } from "../engine.ts";
import { alertRoutes } from "./alerts/index.ts";
import { assetRoutes } from "./assets/index.ts";
import { batchRoutes } from "./batches/index.ts";
import { budgetRoutes } from "./budgets/index.ts";
import { compression } from "./compression.ts";
import { consoleRoutes } from "./console/index.ts";
import { costRoutes } from "./costs/index.ts";
import { docsRoutes } from "./docs/index.ts";
import { evalRoutes } from "./evals/index.ts";
import { healthRoutes } from "./health/index.ts";
import { journalRoutes } from "./journal/index.ts";
import { KeyedRequests } from "./keyed.ts";
import { metricsRoutes } from "./metrics/index.ts";
import { miningRoutes } from "./mining/index.ts";
import { modelRoutes, routeRoutes } from "./models/index.ts";
import { answerOpenaiError, openaiRoutes } from "./openai/index.ts";
import { openapiDocument, openapiRoutes } from "./openapi/index.ts";
import { optimizerRoutes } from "./optimizer/index.ts";
import { answerProblem, NotFound, OriginRefused } from "./problem.ts";
import { replayRoutes } from "./replays/index.ts";
import { reviewRoutes } from "./reviews/index.ts";
import { rolloutRoutes } from "./rollouts/index.ts";
import { runRoutes } from "./runs/index.ts";
import { once } from "./schema.ts";
import { scoreRoutes } from "./scores/index.ts";
import { switchRoutes } from "./switches/index.ts";
import { tagOf } from "./tags.ts";
import { workflowRoutes } from "./workflows/index.ts";

export interface AppOptions {
  readonly engine: Engine;
  /** The models, routes and prompts that calls may name. */
  readonly assets?: (() => AssetSource) | undefined;
  /** Over the local socket, which only this user can open: no host check, and batches of local files. */
  readonly isLocal: boolean;
}

/** Every way in, as one function from a request to an answer. */
export function createApp({ engine, assets = () => noAssets, isLocal }: AppOptions): Hono {
  const app = new Hono();
  app.onError((error, context) => answerError(context, error));
  app.notFound((context) => answerError(context, new NotFound(`There is nothing at ${context.req.path}.`)));
  if (!isLocal) app.use("*", guard);
  // Another process may be another version, and tell the same in other words.
  const process = engine.newId();
  const requests = new KeyedRequests(engine.journal);
  app.use("/v1/*", async (context, next) => {
    context.set("requests", requests);
    context.set("journalTag", () => tagOf(`${process} ${engine.journal.lastPosition()} ${context.req.url}`));
    await next();
  });
  app.use("/v1/*", compression());
  app.route("/", healthRoutes(engine));
  app.route("/", metricsRoutes(engine));
  app.route("/", workflowRoutes(engine));
  app.route("/", runRoutes(engine));
  app.route("/", scoreRoutes(engine));
  app.route("/", assetRoutes(engine, isLocal));
  app.route("/", rolloutRoutes(engine));
  app.route("/", optimizerRoutes(engine));
  app.route("/", switchRoutes(engine));
  app.route("/", budgetRoutes(engine));
  app.route("/", alertRoutes(engine));
  app.route("/", costRoutes(engine));
  app.route("/", replayRoutes(engine, isLocal));
  app.route("/", miningRoutes(engine));
  app.route("/", reviewRoutes(engine));
  app.route("/", modelRoutes(engine));
  app.route("/", routeRoutes(engine));
  app.route("/", journalRoutes(engine));
  app.route("/openai/v1", openaiRoutes(engine, assets));
  // Not for what comes before: a call through OpenAI's API has its answer as soon as it is there.
  app.use("*", compression({ isKept: true }));
  const description = once(() => openapiDocument(app));
  app.route("/", openapiRoutes(description));
  if (isLocal) {
    app.route("/", batchRoutes(engine));
    app.route("/", evalRoutes(engine));
  } else {
    app.route("/", docsRoutes(description));
    app.route("/", consoleRoutes());
  }
  return app;
}

const noAssets: AssetSource = { find: () => undefined, names: () => [] };

function answerError(context: Context, error: unknown): Response {
  const answer = context.req.path.startsWith("/openai/") ? answerOpenaiError : answerProblem;
  return answer(context, error);
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
