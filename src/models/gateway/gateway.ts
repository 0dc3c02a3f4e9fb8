import { LRUCache } from "lru-cache";
import { assert, type Clock, type Random, systemRandom } from "../../core/base/index.ts";
import type { Asset, StepKind } from "../../core/workflow/index.ts";
import { type AnswerStore, Answers, questionOf } from "./answers.ts";
import { isRemote, type ModelContent, modelName } from "./content.ts";
import { deadline } from "./deadline.ts";
import { type ModelHealth, modelHealth, type RouteHealth, routeHealth } from "./health.ts";
import { callTimeoutMsDefault, routesReadyMax } from "./limits.ts";
import { type Model, type ModelCall, withPolicies } from "./model.ts";
import { ModelStates } from "./model-state.ts";
import { billed } from "./money/bill.ts";
import type { Ledger } from "./money/ledger.ts";
import { downgraded, metered } from "./money/metered.ts";
import { priceAt } from "./money/prices.ts";
import { fittingOutput, tellingAtOnce } from "./output.ts";
import { onlyWhereAllowed, unlessSwitchedOff } from "./permission.ts";
import { type Access, permitted, withinRegions } from "./policies/access.ts";
import { circuitBroken } from "./policies/breaker.ts";
import { cooledDown } from "./policies/cool-down.ts";
import { counted } from "./policies/counted.ts";
import { exactCache } from "./policies/exact-cache.ts";
import { measured } from "./policies/measured.ts";
import { rateLimited } from "./policies/rate-limit.ts";
import { type Redact, redacted } from "./policies/redaction.ts";
import { retried } from "./policies/retry.ts";
import { priced } from "./price.ts";
import type { ProviderDeps } from "./providers/ai-sdk.ts";
import { Connections } from "./providers/connections.ts";
import { keptAliveFetch } from "./providers/kept-alive-fetch.ts";
import { type LocalModels, localClassifier, localExtractive, localLexical } from "./providers/local.ts";
import { remoteModel } from "./providers/remote.ts";
import { simulated } from "./providers/sim.ts";
import { type Candidate, routing } from "./route.ts";
import { type PinnedRoute, parsedModel, pinnedRoute } from "./route-content.ts";
import { inferenceKind } from "./step.ts";

export interface GatewayDeps {
  readonly clock: Clock;
  /** For jitter; what is drawn is never recorded. */
  readonly random?: Random;
  /** The value of a secret at this moment, or undefined. Asked at each call; never kept or recorded. */
  readonly secrets: (name: string) => string | undefined;
  /** The folder of local models' files: kept under their digests, or at the paths of the settings. */
  readonly baseDir: string;
  /** The models of `models/learning`. */
  readonly local: LocalModels;
  /** Where answers outlive the process; kept in memory alone if absent. */
  readonly answers?: AnswerStore;
  /** Whether a caller may ask this; asked for the route, and again for each model. */
  readonly access?: Access;
  /** What a text looks like that may leave; asked for the route, and again for each model. */
  readonly redact?: Redact;
  /** Holds budgets and counts costs; without it, nothing is counted. */
  readonly ledger?: Ledger;
}

/** Finds what a route names among what is pinned beside it. */
export type FindAsset = (kind: string, name: string) => Asset;

export interface Gateway {
  /** The step kind `inference`. */
  readonly inferenceKind: StepKind;
  /** What answers for a pinned route or model; a route's models are looked up with `find`. */
  modelOf(asset: Asset, find?: FindAsset): Model;
  /** Of every model, and every route, that was asked since the process began. */
  models(): readonly ModelHealth[];
  routes(): readonly RouteHealth[];
  /** Closes the connections to providers; a call that is under way fails. */
  close(): Promise<void>;
}

/** Made once for an engine: what calls have in common (health, rates, answers) is kept here. */
export function createGateway(deps: GatewayDeps): Gateway {
  const { clock, random = systemRandom } = deps;
  const connections = new Connections();
  const parts: Parts = {
    ...deps,
    connections,
    fetch: keptAliveFetch(connections),
    modelOf: (asset, find) => modelOf(asset, find),
    random,
    states: new ModelStates(),
    kept: new Answers(clock, deps.answers),
    providers: new LRUCache({ max: routesReadyMax }),
  };
  const pinned = new LRUCache<string, PinnedRoute>({ max: routesReadyMax });
  const ready = new LRUCache<string, Model>({ max: routesReadyMax });
  const modelOf = (asset: Asset, find?: FindAsset): Model => {
    const key = `${asset.kind}/${asset.name}/${asset.digest}`;
    const route = remembered(pinned, key, () => pinnedRoute(asset));
    const assets = new Map(route.named.map((name) => [name, found(find, name)]));
    const isRoute = asset.kind === "route";
    const versions = [...assets.values()].map(({ digest }) => digest).join("/");
    return remembered(ready, `${key}/${versions}`, () =>
      routed({ name: asset.name, isRoute, versions: versions || asset.digest, route, assets }, parts),
    );
  };
  return {
    inferenceKind: inferenceKind({ clock, modelOf }),
    modelOf,
    models: () => modelHealth(parts.states, clock),
    routes: () => routeHealth(parts.states),
    close: () => connections.close(),
  };
}

interface Parts extends GatewayDeps {
  readonly connections: Connections;
  readonly fetch: ProviderDeps["fetch"];
  readonly modelOf: Gateway["modelOf"];
  readonly random: Random;
  readonly states: ModelStates;
  readonly kept: Answers;
  readonly providers: LRUCache<string, Model>;
}

interface Routed {
  readonly name: string;
  /** False where a model was named in its place. */
  readonly isRoute: boolean;
  /** Of all the models that may answer. */
  readonly versions: string;
  readonly route: PinnedRoute;
  readonly assets: ReadonlyMap<string, Asset>;
}

/** The order of the policies around a whole call: read downwards, as it travels; answers come back upwards. */
function routed(routed: Routed, parts: Parts): Model {
  const { name, isRoute, versions, route } = routed;
  const { content } = route;
  const asked = { kind: "route", name, region: null } as const;
  const question = (call: ModelCall, cache: { readonly share: boolean } = { share: false }) =>
    questionOf({ route: name, models: versions }, call, cache);
  return withPolicies(
    routing({
      name,
      route: content,
      candidateOf: (model) => candidate(model, routed, parts),
      answers: parts.kept,
      question: (call) => question(call, call.cache ?? content.cache),
    }),
    ...(isRoute ? [counted(parts.states.ofRoute(name))] : []),
    billed,
    permitted(parts.access, asked),
    redacted(parts.redact, asked),
    exactCache({
      answers: parts.kept,
      cache: content.cache,
      keeps: content.fallback.some((fallback) => "cachedMs" in fallback),
      question,
    }),
    ...(content.deadlineMs === undefined
      ? []
      : [deadline({ clock: parts.clock, timeoutMs: content.deadlineMs, model: `route ${name}` })]),
  );
}

/** The order of the policies around each model, whichever way a call comes to it. */
function candidate(name: string, routed: Routed, parts: Parts): Candidate {
  const { isRoute, route: pinned, assets } = routed;
  const { clock, random, states, ledger } = parts;
  const { timeoutMs = callTimeoutMsDefault, regions } = pinned.content;
  const content = pinned.embedded.get(name) ?? parsedModel(found((_, key) => assets.get(key), name));
  const model = modelName(content);
  const route = isRoute ? routed.name : "";
  const state = states.of(content);
  const place = { clock, random, model };
  const isLocal = content.provider === "local";
  const { price: prices, maxOutputTokens } = "price" in content ? content : {};
  const asked = { kind: "model", name: model, region: regionOf(content) } as const;
  const ask = withPolicies(
    remembered(parts.providers, JSON.stringify(content), () => provider(content, parts)),
    ...(ledger ? [downgraded(({ asset, uses }) => parts.modelOf(asset, findIn(uses)))] : []),
    unlessSwitchedOff(model),
    permitted(parts.access, asked),
    withinRegions(isLocal ? undefined : regions, asked),
    ...(isRemote(content) ? [onlyWhereAllowed(model)] : []),
    redacted(parts.redact, asked),
    // Local models answer at once, before any timer could fire.
    ...(isLocal ? [] : [deadline({ clock, timeoutMs, model })]),
    fittingOutput({ model, repair: isRemote(content) }),
    ...(isLocal
      ? []
      : [
          retried(state.retries, place),
          circuitBroken(state.breaker, place),
          cooledDown(state.coolDown, place),
          rateLimited(states.limitsOf(content), place),
        ]),
    // Of each request that leaves, a repair or another try as well.
    ...(ledger ? [metered({ ledger, clock, model, route, prices, isLocal, maxOutputTokens })] : []),
    priced(prices, clock),
    measured(state.statistics, clock),
    ...(isRemote(content) ? [] : [tellingAtOnce]),
  );
  return {
    name,
    get price() {
      return isLocal ? { input: 0, output: 0 } : priceAt(prices, clock.now())?.price;
    },
    statistics: state.statistics,
    ask,
    isResting: () =>
      state.breaker.state(clock.monotonic()) === "open" || state.coolDown.restMs(clock.monotonic()) > 0,
  };
}

function provider(content: ModelContent, deps: Parts): Model {
  if (isRemote(content)) return remoteModel(content, deps);
  switch (content.type) {
    case "classifier":
      return localClassifier(content, deps);
    case "extractive":
      return localExtractive(content, deps.local);
    case "lexical":
      return localLexical(content, deps.local);
    case "sim":
      return simulated(content, deps.clock);
  }
}

function regionOf(content: ModelContent): string | null {
  return "region" in content ? (content.region ?? null) : null;
}

function found(find: ((kind: string, name: string) => Asset | undefined) | undefined, name: string): Asset {
  const asset = find?.("model", name);
  assert(asset, `the model ${name} is not pinned beside its route`);
  return asset;
}

/** Finds among assets that are there for certain. */
export function findIn(assets: readonly Asset[]): FindAsset {
  return (kind, name) => {
    const asset = assets.find((each) => each.kind === kind && each.name === name);
    assert(asset, `the ${kind} ${name} was not declared beside its route`);
    return asset;
  };
}

function remembered<T extends {}>(known: LRUCache<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
