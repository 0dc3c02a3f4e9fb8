import { nearestName } from "../../core/base/index.ts";
import { type Asset, type AssetSource, withReferences } from "../../core/workflow/index.ts";
import { preferenceOf } from "../../models/prompts/index.ts";
import { CallModelUnknown } from "./errors.ts";
import { targetsKnownMax } from "./limits.ts";

/** What answers a call. */
export interface Target {
  /** A route or a model. */
  readonly asset: Asset;
  /** What the route names in turn. */
  readonly uses: readonly Asset[];
  readonly prompt?: Asset;
}

const [routePrefix, promptPrefix] = ["route/", "prompt/"];

/** By the assets that were there; names may be anything, so there is a bound. */
const known = new WeakMap<AssetSource, Map<string, Target>>();

/** The same name gives the same target for as long as the assets are the same. */
export function targetOf(assets: AssetSource, name: string, route?: string): Target {
  const targets = known.get(assets) ?? new Map<string, Target>();
  known.set(assets, targets);
  const key = route === undefined ? name : `${name}\n${route}`;
  const target = targets.get(key) ?? lookUp(assets, name, route);
  if (targets.size >= targetsKnownMax) targets.clear();
  targets.set(key, target);
  return target;
}

/**
 * What the `model` of a request stands for: `route/NAME`, `prompt/NAME` (answered by a route), the name of
 * a route, of a model in the settings, or `provider/name`, in this order.
 */
function lookUp(assets: AssetSource, name: string, route?: string): Target {
  if (name.startsWith(promptPrefix)) {
    const prompt = servedPrompt(assets, name.slice(promptPrefix.length));
    if (!prompt) throw unknown(assets, name);
    return { prompt, ...answering(assets, route ?? preferredBy(prompt)) };
  }
  return answering(assets, name);
}

/** Who answers a prompt where nobody says: whom it names itself, or the route called `default`. */
function preferredBy(prompt: Asset): string {
  const { route, model } = preferenceOf(prompt);
  return model ?? routePrefix + (route ?? "default");
}

function answering(assets: AssetSource, name: string): Pick<Target, "asset" | "uses"> {
  const asset = name.startsWith(routePrefix)
    ? assets.find("route", name.slice(routePrefix.length))
    : (assets.find("route", name) ?? assets.find("model", name));
  if (!asset) throw unknown(assets, name);
  return { asset, uses: withReferences([asset], assets).slice(1) };
}

/** Only what is listed: elsewhere a prompt may also be the path of any file of the folder. */
function servedPrompt(assets: AssetSource, name: string): Asset | undefined {
  return assets.names("prompt").includes(name) ? assets.find("prompt", name) : undefined;
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
