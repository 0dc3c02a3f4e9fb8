import { nearestName } from "../../core/base/index.ts";
import type { Arms } from "../../core/executor/index.ts";
import type { Named, Registry } from "../../core/registry/index.ts";
import type { Asset, AssetSource } from "../../core/workflow/index.ts";
import { preferenceOf } from "../../models/prompts/index.ts";
import { CallModelUnknown } from "./errors.ts";

/** What the `model` of a request names. */
export interface Target {
  readonly prompt?: Named;
  /** A route or a model; absent: whom the prompt prefers. */
  readonly answering?: Named;
}

/** What answers a call, each in the version that this call gets. */
export interface Picked {
  /** A route or a model. */
  readonly asset: Asset;
  /** What the route names in turn. */
  readonly uses: readonly Asset[];
  readonly prompt?: Asset;
  readonly arms?: Arms;
}

type Run = Parameters<Registry["pick"]>[1];

const [routePrefix, promptPrefix] = ["route/", "prompt/"];

export interface Offered extends AssetSource {
  /** Whether it is among the names: more may be found, as a prompt by the path of any file of the folder. */
  isListed(kind: string, name: string): boolean;
}

/** All that calls may name: what has a version for new runs, and what stands in the files. */
export function offered(registry: AssetSource, files: AssetSource): Offered {
  return {
    find: (kind, name) => registry.find(kind, name) ?? files.find(kind, name),
    isListed: (kind, name) => registry.find(kind, name) !== undefined || files.names(kind).includes(name),
    names: (kind) => [...new Set([...files.names(kind), ...registry.names(kind)])],
  };
}

/**
 * What the `model` of a request stands for: `route/NAME`, `prompt/NAME` (answered by a route), the name of
 * a route, of a model in the settings, or `provider/name`, in this order.
 */
export function targetOf(assets: Offered, name: string, route?: string): Target {
  if (!name.startsWith(promptPrefix)) return { answering: answering(assets, name) };
  const prompt = { kind: "prompt", name: name.slice(promptPrefix.length) };
  if (!assets.isListed("prompt", prompt.name)) throw unknown(assets, name);
  return route === undefined ? { prompt } : { prompt, answering: answering(assets, route) };
}

function answering(assets: AssetSource, name: string): Named {
  const route = name.startsWith(routePrefix) ? name.slice(routePrefix.length) : name;
  if (assets.find("route", route)) return { kind: "route", name: route };
  if (route === name && assets.find("model", name)) return { kind: "model", name };
  throw unknown(assets, name);
}

/** The versions that a call gets, by labels and rollouts, as a workflow's run gets its own. */
export async function pick(
  { registry, files }: { registry: Registry; files: AssetSource },
  { prompt: named, answering: asked }: Target,
  run: Run,
): Promise<Picked> {
  const prompt = named && first(await registry.pick([named], run, files));
  const by = asked ?? answering(offered(registry, files), prompt ? preferredBy(prompt) : "default");
  const { assets, arms } = await registry.pick(named ? [by, named] : [by], run, files);
  const [asset, ...others] = assets;
  if (!asset) throw new CallModelUnknown(by.name, undefined);
  const uses = others.filter((other) => other.kind !== "prompt");
  return { asset, uses, ...(prompt ? { prompt } : {}), ...(arms ? { arms } : {}) };
}

function first({ assets }: { readonly assets: readonly Asset[] }): Asset | undefined {
  return assets[0];
}

/** Who answers a prompt where nobody says: whom it names itself, or the route called `default`. */
function preferredBy(prompt: Asset): string {
  const { route, model } = preferenceOf(prompt);
  return model ?? routePrefix + (route ?? "default");
}

/** Every name that `model` may have and that is known beforehand. */
export function servedNames(assets: AssetSource): readonly string[] {
  return [
    ...assets.names("route").map((name) => routePrefix + name),
    ...assets.names("model"),
    ...assets.names("prompt").map((name) => promptPrefix + name),
  ];
}

function unknown(assets: AssetSource, name: string): CallModelUnknown {
  return new CallModelUnknown(name, nearestName(name, [...servedNames(assets), ...assets.names("route")]));
}
