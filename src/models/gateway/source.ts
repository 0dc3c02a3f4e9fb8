import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { canonicalJson, messageOf, sha256, toJson } from "../../core/base/index.ts";
import { type Asset, type AssetSource, type Problem, WorkflowInvalid } from "../../core/workflow/index.ts";
import type { ModelContent } from "./content.ts";
import { builtInRoutes, type RouteContent, referencesOf } from "./route-content.ts";
import { routeContentOf, servedOf } from "./route-settings.ts";
import {
  bareLocals,
  type GatewaySettings,
  gatewayProblems,
  hosted,
  isKnownModel,
  type ModelSettings,
  type ProviderSettings,
  providersOf,
  splitModelName,
} from "./settings.ts";

export interface GatewaySource {
  readonly settings: GatewaySettings;
  /** Local model files are relative to it. */
  readonly baseDir: string;
  /** Says where in flyball.yaml a path stands; without it, messages name the path alone. */
  readonly locate?: (path: readonly (string | number)[], message: string) => Problem;
  /** Models that a route may name although the settings do not have them. */
  readonly isElsewhere?: ((model: string) => boolean) | undefined;
}

/**
 * The models and routes of the settings, resolved and digested. `find("model", "house/small-1")` also
 * gives models without settings of their own. Throws `WorkflowInvalid` for settings that are wrong, and
 * for a local model whose file is missing.
 */
export function gatewaySource(source: GatewaySource): AssetSource {
  const { settings } = source;
  return {
    find(kind, name) {
      if (kind === "model" && isKnownModel(settings, name))
        return assetOf(kind, name, sound(source, modelContentOf));
      if (kind === "route" && (Object.hasOwn(settings.routes, name) || Object.hasOwn(builtInRoutes, name)))
        return assetOf(kind, name, sound(source, namedRoute));
      return undefined;
    },
    references: ({ kind, content }) => referencesOf(kind, content),
    names(kind) {
      if (kind === "route") return Object.keys(settings.routes);
      return kind === "model" ? [...Object.keys(settings.models), ...bareLocals] : [];
    },
  };
}

/** Every model and route that the settings name. */
export function gatewayAssets(settings: GatewaySettings, baseDir: string): readonly Asset[] {
  const assets = gatewaySource({ settings, baseDir });
  return ["model", "route"].flatMap((kind) =>
    assets.names(kind).flatMap((name) => assets.find(kind, name) ?? []),
  );
}

type Resolve = (source: GatewaySource, name: string) => ModelContent | RouteContent;

function assetOf(
  kind: string,
  name: string,
  resolveName: (name: string) => ModelContent | RouteContent,
): Asset {
  const content = toJson(resolveName(name), `${kind} ${name}`);
  return { kind, name, digest: sha256(canonicalJson(content)), content };
}

/** Names are resolved only in settings without problems; which also ends every lookup below. */
function sound(source: GatewaySource, resolveName: Resolve): (name: string) => ModelContent | RouteContent {
  const problems = gatewayProblems(source.settings, source.isElsewhere);
  if (problems.length > 0)
    throw new WorkflowInvalid(problems.map(({ path, message }) => located(source, path, message)));
  return (name) => resolveName(source, name);
}

function located(source: GatewaySource, path: readonly (string | number)[], message: string): Problem {
  const text = `${path.join(".")}: ${message}`;
  return source.locate?.(path, message) ?? { file: "flyball.yaml", line: 1, column: 1, message: text };
}

function namedRoute(source: GatewaySource, name: string): RouteContent {
  const { routes } = source.settings;
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
  const builtIn = builtInRoutes[name];
  if (!route && builtIn) return builtIn;
  if (!route) throw unknown(source, ["routes", name]);
  return routeContentOf(route);
}

function modelContentOf(source: GatewaySource, name: string): ModelContent {
  const { models } = source.settings;
  const [provider, model = ""] = splitModelName(name);
  const declared = Object.hasOwn(models, name) ? name : model;
  const entry = Object.hasOwn(models, declared) ? models[declared] : undefined;
  if (entry && (declared === name || entry.provider === provider))
    return declaredModel(source, declared, entry);
  if (bareLocals.includes(name)) return bareLocal(model, model);
  return providedModel(source, { provider: provider ?? "", model, name });
}

/** A model that a provider has, with or without an entry under `models`. */
function providedModel(
  source: GatewaySource,
  {
    provider,
    model,
    name,
    declared,
  }: { provider: string; model: string; name: string; declared?: ModelSettings },
): ModelContent {
  const providers = providersOf(source.settings);
  const entry = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  if (!entry) throw unknown(source, ["models", name]);
  return {
    provider,
    model,
    ...reachedBy(entry),
    ...pricedOf(declared),
    ...servedOf(entry, declared),
  };
}

function pricedOf({ price, maxOutputTokens }: Pick<ModelSettings, "price" | "maxOutputTokens"> = {}) {
  return {
    ...(price === undefined ? {} : { price }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  };
}

function reachedBy({ type, url, key, structuredOutputs }: ProviderSettings) {
  if (type !== "openai-compatible")
    return { type, url: url ?? hosted[type].url, keySecret: key ?? hosted[type].key };
  return {
    type,
    url: url ?? "",
    ...(key === undefined ? {} : { keySecret: key }),
    structuredOutputs: structuredOutputs ?? true,
  };
}

function declaredModel(source: GatewaySource, name: string, entry: ModelSettings): ModelContent {
  if (entry.provider === "sim") return simulatedModel(name, entry);
  if (entry.provider !== "local")
    return providedModel(source, {
      provider: entry.provider,
      model: entry.name ?? name,
      name,
      declared: entry,
    });
  if (entry.type !== "classifier") return bareLocal(name, entry.type);
  const file = entry.file ?? "";
  return {
    provider: "local",
    type: "classifier",
    model: name,
    file,
    fileSha256: entry.sha256 ?? fileDigest(source, name, file),
  };
}

function bareLocal(model: string, type: string | undefined): ModelContent {
  return { provider: "local", type: type === "lexical" ? type : "extractive", model };
}

function fileDigest(source: GatewaySource, name: string, file: string): string {
  try {
    return sha256(readFileSync(resolve(source.baseDir, file)));
  } catch (error) {
    const message = `the model file ${file} cannot be read (train it with \`flyball train classifier\`): ${messageOf(error)}`;
    throw new WorkflowInvalid([located(source, ["models", name, "file"], message)]);
  }
}

function simulatedModel(name: string, entry: ModelSettings): ModelContent {
  return {
    provider: "sim",
    type: "sim",
    model: name,
    ...pricedOf(entry),
    latency: latencyOf(entry.latency) ?? { p50Ms: 0, p95Ms: 0 },
    errorRate: entry.errorRate ?? 0,
    quality: entry.quality ?? 1,
    seed: entry.seed ?? 0,
    labels: entry.labels ?? [],
    changes: (entry.changes ?? []).map(({ atCall, latency, errorRate, quality }) => ({
      atCall,
      ...(latency === undefined ? {} : { latency: { p50Ms: latency.p50, p95Ms: latency.p95 } }),
      ...(errorRate === undefined ? {} : { errorRate }),
      ...(quality === undefined ? {} : { quality }),
    })),
    ...servedOf({}, entry),
  };
}

function latencyOf(latency: ModelSettings["latency"]): { p50Ms: number; p95Ms: number } | undefined {
  return latency && { p50Ms: latency.p50, p95Ms: latency.p95 };
}

function unknown(source: GatewaySource, path: readonly string[]): WorkflowInvalid {
  return new WorkflowInvalid([located(source, path, "leads to no model")]);
}
