import { canonicalJson, type Json, type JsonObject, sha256 } from "../../core/base/index.ts";
import type { RehearsedStep, Release } from "../../core/executor/index.ts";
import type { Asset, AssetReference, Effect, StepKind } from "../../core/workflow/index.ts";

import { EffectBlocked } from "./errors.ts";

/**
 * How a replay goes about a step whose recorded answer cannot stand for it:
 * `pure` is always computed again, `local` reads only what is pinned, a `model` is guarded at each call, `outside`
 * needs a permission, a `child` is a run of its own.
 */
export type Treatment = "pure" | "local" | "model" | "review" | "wait" | "child" | "outside";

const named: Readonly<Record<string, Treatment>> = {
  human_review: "review",
  inference: "model",
  retrieval: "local",
  wait: "wait",
  workflow: "child",
};

export function treatmentOf(
  { name, callsOut, runsUserCode, effect }: StepKind,
  config: JsonObject,
): Treatment {
  const known = named[name];
  if (known) return known;
  // JavaScript in the sandbox reaches nothing; any other code of users is known only by what it says of itself.
  const isContained = runsUserCode !== true || (name === "script" && config.js !== undefined);
  return isContained && !callsOut && effect(config) === "none" ? "pure" : "outside";
}

/** What a step outside would do, and the names under which it can be allowed. */
export function outsideOf(
  { kind, config, path }: RehearsedStep,
  assets: Assets,
): { readonly effect: Effect; readonly names: readonly string[] } {
  const used = referencesOf(kind, config, assets).filter((asset) => asset.kind !== "policy");
  const names = used.map((asset) => `${asset.kind}:${asset.name}`);
  const tool = used.find((asset) => asset.kind === "tool");
  return {
    effect: (tool && effectOf(tool.content)) ?? kind.effect(config),
    names: [...names, `step:${path.replaceAll(/\[\d+\]/g, "")}`],
  };
}

function effectOf(content: Json): Effect | undefined {
  const declared = (content as { effect?: Effect }).effect;
  return declared;
}

/** The assets of a release by name. */
export class Assets {
  readonly #byName: ReadonlyMap<string, Asset>;

  constructor({ parts }: Pick<Release, "parts">) {
    this.#byName = new Map(parts.assets.map((asset) => [`${asset.kind}/${asset.name}`, asset]));
  }

  find = (kind: string, name: string): Asset | undefined => this.#byName.get(`${kind}/${name}`);
}

function referencesOf(kind: StepKind, config: JsonObject, assets: Assets): readonly Asset[] {
  const references = kind.references?.(config, assets) ?? [];
  return references.flatMap((reference) => assets.find(reference.kind, reference.name) ?? []);
}

/** Digest of a step's question: its kind, its inputs, and the versions of all that it names, directly or not. */
export function questionOf(
  { kind, config, asked }: RehearsedStep,
  assets: Assets,
  namedBy: (asset: Asset) => readonly AssetReference[],
): string {
  const uses = new Map<string, string>();
  const queue = [...referencesOf(kind, config, assets)];
  for (let asset = queue.shift(); asset; asset = queue.shift()) {
    const key = `${asset.kind}/${asset.name}`;
    if (uses.has(key)) continue;
    uses.set(key, asset.digest);
    queue.push(...namedBy(asset).flatMap((reference) => assets.find(reference.kind, reference.name) ?? []));
  }
  return sha256(canonicalJson({ kind: kind.name, asked, uses: Object.fromEntries(uses) }));
}

/** The code of a flow is the users' own, and could do anything beside its steps. */
export function refuseFlow({ definition }: Release, allow: ReadonlySet<string>): void {
  if (definition.type === "flow" && !allow.has(`flow:${definition.name}`))
    throw new EffectBlocked(`flow:${definition.name}`);
}
