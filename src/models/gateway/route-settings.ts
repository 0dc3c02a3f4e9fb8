import { z } from "zod";
import { camelObject } from "../prompts/index.ts";
import type { ModelLimit } from "./content.ts";
import { candidatesMax, fallbacksMax, tiersMax } from "./limits.ts";
import { type RouteContent, strategies } from "./route-content.ts";
import { duration, type Rate, rate, share } from "./units.ts";

// The section `routes` of flyball.yaml, and the limits of providers and models.

/** What a provider allows, as it stands under a provider (all its models together) or a model. */
export const limitSettings = {
  rate: rate.exactOptional(),
  tokensPerMinute: z.number().positive().exactOptional(),
  region: z.string().min(1).exactOptional(),
};

const modelNames = z.array(z.string().min(1)).min(1).max(candidatesMax);

const fallback = z.union(
  [
    z.literal("person").transform(() => ({ person: true as const })),
    camelObject({ models: modelNames }),
    camelObject({ cached: duration }).transform(({ cached }) => ({ cachedMs: cached })),
    camelObject({ person: z.literal(true) }),
  ],
  { error: "expected `{ models: [NAME] }`, `{ cached: 1h }` or `person`" },
);

const cache = z.union([
  duration.transform((forMs) => ({ forMs, share: false })),
  camelObject({ for: duration, share: z.boolean().default(false) }).transform((written) => ({
    forMs: written.for,
    share: written.share,
  })),
]);

export const routeSettings = camelObject({
  try: modelNames.exactOptional(),
  tiers: z
    .array(camelObject({ try: modelNames, below: share.exactOptional() }))
    .min(1)
    .max(tiersMax)
    .exactOptional(),
  strategy: z.enum(strategies).default("ordered"),
  weights: z.record(z.string(), z.number().nonnegative()).exactOptional(),
  fallback: z.array(fallback).max(fallbacksMax).default([]),
  timeout: duration.exactOptional(),
  deadline: duration.exactOptional(),
  cache: cache.exactOptional(),
  regions: z.array(z.string().min(1)).min(1).exactOptional(),
});
export type RouteSettings = z.output<typeof routeSettings>;

type RouteProblem = readonly [path: readonly (string | number)[], message: string];

/** What does not belong together in one route; names are looked up with `unknown`, which tells what is wrong. */
export function routeProblems(
  route: RouteSettings,
  unknown: (name: string) => string | undefined,
): readonly RouteProblem[] {
  const problems: RouteProblem[] = [];
  const { tiers = [], fallback, weights } = route;
  if (route.try && route.tiers) problems.push([["tiers"], "expected either `try` or `tiers`, not both"]);
  if (!route.try && !route.tiers && fallback.length === 0)
    problems.push([["try"], "expected `try`, `tiers` or a `fallback`: who is to answer?"]);
  const named = [
    ...(route.try ?? []).map((name, index) => [name, ["try", index]] as const),
    ...tiers.flatMap((tier, at) =>
      tier.try.map((name, index) => [name, ["tiers", at, "try", index]] as const),
    ),
    ...fallback.flatMap((each, at) =>
      "models" in each
        ? each.models.map((name, index) => [name, ["fallback", at, "models", index]] as const)
        : [],
    ),
  ];
  for (const [name, path] of named) {
    const message = unknown(name);
    if (message !== undefined) problems.push([path, message]);
  }
  if ((route.strategy === "weighted") !== (weights !== undefined))
    problems.push([["weights"], "`strategy: weighted` and `weights` go together"]);
  for (const name of Object.keys(weights ?? {}))
    if (!named.some(([other]) => other === name))
      problems.push([["weights", name], "expected a model that the route tries"]);
  return problems;
}

export function routeContentOf(route: RouteSettings): RouteContent {
  const { strategy, weights, fallback, timeout, deadline, cache, regions } = route;
  const tiers = route.tiers ?? (route.try ? [{ try: route.try }] : []);
  return {
    strategy,
    tiers: tiers.map((tier) => ({
      models: tier.try,
      ...("below" in tier && tier.below !== undefined ? { below: tier.below } : {}),
    })),
    ...(weights === undefined ? {} : { weights }),
    fallback,
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(deadline === undefined ? {} : { deadlineMs: deadline }),
    ...(cache === undefined ? {} : { cache }),
    ...(regions === undefined ? {} : { regions }),
  };
}

interface LimitSettings {
  readonly rate?: Rate;
  readonly tokensPerMinute?: number;
  readonly region?: string;
}

/** What a model's content holds of the limits and regions of itself and its provider. */
export function servedOf(provider: LimitSettings, model: LimitSettings = {}) {
  const limits = [...limitsOf("provider", provider), ...limitsOf("model", model)];
  const region = model.region ?? provider.region;
  return {
    ...(region === undefined ? {} : { region }),
    ...(limits.length === 0 ? {} : { limits }),
  };
}

function limitsOf(of: ModelLimit["of"], { rate, tokensPerMinute }: LimitSettings): readonly ModelLimit[] {
  return [
    ...(rate ? [{ of, unit: "calls" as const, ...rate }] : []),
    ...(tokensPerMinute ? [{ of, unit: "tokens" as const, limit: tokensPerMinute, perMs: 60_000 }] : []),
  ];
}
