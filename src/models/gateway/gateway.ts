import type { Clock } from "../../core/base/index.ts";
import type { Asset, StepKind } from "../../core/workflow/index.ts";
import { type ModelContent, modelName, routeOf } from "./content.ts";
import { deadline } from "./deadline.ts";
import { callTimeoutMsDefault } from "./limits.ts";
import { type Model, withPolicies } from "./model.ts";
import type { Ledger } from "./money/ledger.ts";
import { downgraded, metered } from "./money/metered.ts";
import { fittingOutput } from "./output.ts";
import { onlyWhereAllowed, unlessSwitchedOff } from "./permission.ts";
import { priced } from "./price.ts";
import { type LocalModels, localClassifier, localExtractive } from "./providers/local.ts";
import { openaiCompatible } from "./providers/openai-compatible.ts";
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
  /** What holds budgets and counts costs; without it, nothing is counted. */
  readonly ledger?: Ledger;
  /** For tests; the global fetch if absent. */
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
  const providers = new Map<string, Model>();
  const routes = new Map<string, Model>();
  const providerOf = (content: ModelContent) =>
    remembered(providers, JSON.stringify(content), () => provider(content, deps));
  const modelOf = (asset: Asset): Model =>
    remembered(routes, `${asset.kind}/${asset.name}/${asset.digest}`, () =>
      routed(asset, providerOf, modelOf, deps),
    );
  return {
    inferenceKind: inferenceKind({ clock: deps.clock, modelOf }),
    modelOf,
  };
}

/** The order of the policies: read downwards, as a call travels; answers come back upwards. */
function routed(
  asset: Asset,
  providerOf: (content: ModelContent) => Model,
  modelOf: (asset: Asset) => Model,
  { clock, ledger }: GatewayDeps,
): Model {
  const route = routeOf(asset);
  const routeName = asset.kind === "route" ? asset.name : "";
  const timeoutMs = route.timeoutMs ?? callTimeoutMsDefault;
  const candidate = (content: ModelContent): Model => {
    const model = modelName(content);
    const isRemote = content.type === "openai-compatible";
    const isLocal = content.provider === "local";
    const prices = "price" in content ? content.price : undefined;
    const maxOutputTokens = "maxOutputTokens" in content ? content.maxOutputTokens : undefined;
    return withPolicies(
      providerOf(content),
      ...(ledger ? [downgraded(modelOf)] : []),
      unlessSwitchedOff(model),
      ...(isRemote ? [onlyWhereAllowed(model)] : []),
      // Local models answer at once, before any timer could fire.
      ...(isLocal ? [] : [deadline({ clock, timeoutMs, model })]),
      fittingOutput({ model, repair: isRemote }),
      // Next to the provider: each request of a repair is held back and paid by itself.
      ...(ledger
        ? [metered({ ledger, clock, model, route: routeName, prices, isLocal, maxOutputTokens })]
        : []),
      priced(prices, clock),
    );
  };
  return firstToAnswer(asset.name, route.candidates.map(candidate));
}

function provider(content: ModelContent, deps: GatewayDeps): Model {
  switch (content.type) {
    case "openai-compatible":
      return openaiCompatible(content, { ...deps, fetch: deps.fetch ?? globalThis.fetch });
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
