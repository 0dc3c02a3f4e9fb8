import type { Clock } from "../../core/base/index.ts";
import type { Asset, StepKind } from "../../core/workflow/index.ts";
import { isRemote, type ModelContent, modelName, type RouteContent, routeOf } from "./content.ts";
import { deadline } from "./deadline.ts";
import { callTimeoutMsDefault } from "./limits.ts";
import { type Model, withPolicies } from "./model.ts";
import { fittingOutput, tellingAtOnce } from "./output.ts";
import { onlyWhereAllowed, unlessSwitchedOff } from "./permission.ts";
import { priced } from "./price.ts";
import type { ProviderDeps } from "./providers/ai-sdk.ts";
import { boundedFetch } from "./providers/bounded-fetch.ts";
import { keptAliveFetch } from "./providers/kept-alive-fetch.ts";
import { type LocalModels, localClassifier, localExtractive } from "./providers/local.ts";
import { remoteModel } from "./providers/remote.ts";
import { simulated } from "./providers/sim.ts";
import { firstToAnswer } from "./route.ts";
import { inferenceKind } from "./step.ts";

export interface GatewayDeps {
  readonly clock: Clock;
  /** The value of a secret at this moment, or undefined. Asked at each call; never kept or recorded. */
  readonly secrets: (name: string) => string | undefined;
  /** The folder of local models' files: kept under their digests, or at the paths of the settings. */
  readonly baseDir: string;
  /** The models of `models/learning`. */
  readonly local: LocalModels;
  /** For tests; connections of our own if absent. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface Gateway {
  /** The step kind `inference`. */
  readonly inferenceKind: StepKind;
  /** What answers for a pinned route or model. */
  modelOf(asset: Asset): Model;
}

/** Made once for an engine: simulated models count their calls here, local ones keep their file's model. */
export function createGateway(deps: GatewayDeps): Gateway {
  const { fetch } = deps;
  const reach = fetch ? (model: string) => boundedFetch(fetch, model) : keptAliveFetch();
  const providers = new Map<string, Model>();
  const routes = new Map<string, Model>();
  const providerOf = (content: ModelContent) =>
    remembered(providers, JSON.stringify(content), () => provider(content, { ...deps, fetch: reach }));
  const modelOf = (asset: Asset) =>
    remembered(routes, `${asset.kind}/${asset.name}/${asset.digest}`, () =>
      routed(asset.name, routeOf(asset), providerOf, deps),
    );
  return {
    inferenceKind: inferenceKind({ clock: deps.clock, modelOf }),
    modelOf,
  };
}

/** The order of the policies: read downwards, as a call travels; answers come back upwards. */
function routed(
  name: string,
  route: RouteContent,
  providerOf: (content: ModelContent) => Model,
  { clock }: GatewayDeps,
): Model {
  const timeoutMs = route.timeoutMs ?? callTimeoutMsDefault;
  const candidate = (content: ModelContent): Model => {
    const model = modelName(content);
    return withPolicies(
      providerOf(content),
      unlessSwitchedOff(model),
      ...(isRemote(content) ? [onlyWhereAllowed(model)] : []),
      // Local models answer at once, before any timer could fire.
      ...(content.provider === "local" ? [] : [deadline({ clock, timeoutMs, model })]),
      fittingOutput({ model, repair: isRemote(content) }),
      priced("price" in content ? content.price : undefined),
      ...(isRemote(content) ? [] : [tellingAtOnce]),
    );
  };
  return firstToAnswer(name, route.candidates.map(candidate));
}

function provider(content: ModelContent, deps: Omit<GatewayDeps, "fetch"> & ProviderDeps): Model {
  if (isRemote(content)) return remoteModel(content, deps);
  switch (content.type) {
    case "classifier":
      return localClassifier(content, deps);
    case "extractive":
      return localExtractive(content, deps.local);
    case "sim":
      return simulated(content, deps.clock);
  }
}

function remembered(known: Map<string, Model>, key: string, make: () => Model): Model {
  const model = known.get(key) ?? make();
  known.set(key, model);
  return model;
}
