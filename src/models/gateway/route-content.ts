import { z } from "zod";
import { assert, isJsonObject, type Json } from "../../core/base/index.ts";
import type { Asset, AssetReference } from "../../core/workflow/index.ts";
import { type ModelContent, modelContent, modelName } from "./content.ts";
import { candidatesMax, fallbacksMax, tiersMax } from "./limits.ts";

// What a run pins of routes. A route names its models; the release pins them beside it, so that a model
// can be exchanged under every route that names it.

export const strategies = ["ordered", "cheapest", "fastest", "weighted"] as const;
export type Strategy = (typeof strategies)[number];

const models = z.array(z.string()).min(1).max(candidatesMax);

const tier = z.strictObject({
  models,
  /** An answer whose confidence is lower, or absent, is asked of the next tier. */
  below: z.number().exactOptional(),
});

const fallback = z.union([
  z.strictObject({ models }),
  /** The last answer to the very same question, as long as it is not older. */
  z.strictObject({ cachedMs: z.number() }),
  z.strictObject({ person: z.literal(true) }),
]);

export const routeContent = z.strictObject({
  strategy: z.enum(strategies),
  /** Asked one after the other; none where only fallbacks are to answer. */
  tiers: z.array(tier).max(tiersMax),
  /** Shares of the calls, by the names of models. */
  weights: z.record(z.string(), z.number()).exactOptional(),
  fallback: z.array(fallback).max(fallbacksMax),
  /** How long each candidate may take before the next is asked. */
  timeoutMs: z.number().exactOptional(),
  /** How long the whole call may take, whoever answers. */
  deadlineMs: z.number().exactOptional(),
  cache: z.strictObject({ forMs: z.number(), share: z.boolean() }).exactOptional(),
  /** Where the models may work on what they are sent; anywhere if absent. */
  regions: z.array(z.string()).min(1).exactOptional(),
});
export type RouteContent = z.output<typeof routeContent>;

/** There without settings, for degraded mode and for fallbacks: the last answer to the question, and a person. */
export const builtInRoutes: Readonly<Record<string, RouteContent>> = {
  cached: {
    strategy: "ordered",
    tiers: [],
    fallback: [{ cachedMs: 24 * 3_600_000 }, { person: true }],
  },
  person: { strategy: "ordered", tiers: [], fallback: [{ person: true }] },
};

/** As releases of format 3 and before hold a route: with its models in it. */
const embeddedRoute = z.strictObject({
  strategy: z.literal("ordered"),
  candidates: z.array(modelContent).min(1).max(candidatesMax),
  timeoutMs: z.number().exactOptional(),
});

/** A route as it was pinned, before its models are looked up. */
export interface PinnedRoute {
  readonly content: RouteContent;
  /** The models that must be looked up, by name. */
  readonly named: readonly string[];
  /** Models that need no looking up. */
  readonly embedded: ReadonlyMap<string, ModelContent>;
}

/** What a pinned asset asks for: a route as it is, a model as a route of one. */
export function pinnedRoute(asset: Asset): PinnedRoute {
  if (asset.kind !== "route") return routeOfModels([parsedModel(asset)]);
  const named = routeContent.safeParse(asset.content);
  if (named.success) return { content: named.data, named: modelsNamed(named.data), embedded: new Map() };
  const old = embeddedRoute.safeParse(asset.content);
  assert(old.success, `the asset route ${asset.name} has no content that the gateway knows`);
  const { timeoutMs } = old.data;
  return routeOfModels(old.data.candidates, timeoutMs === undefined ? {} : { timeoutMs });
}

function routeOfModels(
  contents: readonly ModelContent[],
  optional: Pick<RouteContent, "timeoutMs"> = {},
): PinnedRoute {
  const tiers = [{ models: contents.map(modelName) }];
  return {
    content: { strategy: "ordered", tiers, fallback: [], ...optional },
    named: [],
    embedded: new Map(contents.map((content) => [modelName(content), content])),
  };
}

export function parsedModel(asset: Asset): ModelContent {
  const parsed = modelContent.safeParse(asset.content);
  assert(parsed.success, `the asset model ${asset.name} has no content that the gateway knows`);
  return parsed.data;
}

/** Every model that a route may ask, each once, in the order in which it may. */
function modelsNamed({ tiers, fallback }: RouteContent): readonly string[] {
  const fallbacks = fallback.flatMap((each) => ("models" in each ? each.models : []));
  return [...new Set([...tiers.flatMap((each) => each.models), ...fallbacks])];
}

/** What an asset of this folder names, so that a release pins it too. */
export function referencesOf(kind: string, content: Json): readonly AssetReference[] {
  if (kind !== "route" || !isJsonObject(content)) return [];
  const parsed = routeContent.safeParse(content);
  if (!parsed.success) return [];
  return modelsNamed(parsed.data).map((name) => ({ kind: "model", name, path: [] }));
}
