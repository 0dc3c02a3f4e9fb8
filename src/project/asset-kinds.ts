import { FlyballError, isJsonObject, type Json } from "../core/base/index.ts";
import type { AssetKinds } from "../core/registry/index.ts";
import {
  type Asset,
  compileWorkflow,
  documentReferences,
  documentVersion,
  fitProblems,
  type KindRegistry,
  type WorkflowDocument,
} from "../core/workflow/index.ts";
import { referencesOf } from "../models/gateway/index.ts";

/** Where the outgoing calls of every run may go is pinned with it, though no step names it. */
const httpPolicy = { kind: "policy", name: "http" };

/** What the registry has to know of each kind of asset. */
export function assetKinds(engine: {
  /** Those that there are, and those of a project among the assets. */
  kindsWith(assets: readonly Asset[]): KindRegistry;
  isFlowLoaded(name: string, version: string): boolean;
}): AssetKinds {
  const ours = engine.kindsWith([]);
  return {
    referencesOf(kind, content, find) {
      if (kind === "workflow") return [...documentReferences(documentOf(content), ours, find), httpPolicy];
      return kind === "flow" ? [...flowReferences(content), httpPolicy] : referencesOf(kind, content);
    },
    versionOf: (kind, content) =>
      kind === "workflow" ? documentVersion(documentOf(content)) : String(membersOf(content).version),
    problemsOf({ definition, assets }) {
      const { kind, content } = definition;
      if (kind === "flow") {
        const { name, version } = membersOf(content);
        if (engine.isFlowLoaded(String(name), String(version))) return [];
        return [`the code of version ${version} is not loaded`];
      }
      const kinds = engine.kindsWith(assets);
      try {
        compileWorkflow(documentOf(content), kinds);
      } catch (error) {
        if (!(error instanceof FlyballError)) throw error;
        return [error.message];
      }
      const find = (kind: string, name: string) =>
        assets.find((asset) => asset.kind === kind && asset.name === name);
      return fitProblems(documentOf(content), kinds, find);
    },
  };
}

/** A document was checked when it was added. */
function documentOf(content: Json): WorkflowDocument {
  return content as unknown as WorkflowDocument;
}

function membersOf(content: Json) {
  return isJsonObject(content) ? content : {};
}

/** A flow says what it uses as `kind/name`. */
function flowReferences(content: Json) {
  const { uses } = membersOf(content);
  return namesIn(uses).map((use) => {
    const slash = use.indexOf("/");
    return { kind: use.slice(0, slash), name: use.slice(slash + 1) };
  });
}

function namesIn(list: Json | undefined): readonly string[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
}
