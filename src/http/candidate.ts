import { z } from "zod";
import type { Release } from "../core/executor/index.ts";
import type { Engine } from "../engine.ts";
import { refuseUnknown } from "./production.ts";

/** A version: a label, a digest, or the beginning of one. */
export const versionName = z.string().min(1).max(200).default("production");
/** Other versions in the place of production: `{ "prompt/draft": "canary" }`. */
export const assetVersions = z.record(z.string().min(3).max(300), z.string().min(1).max(200)).default({});

interface Named {
  /** The name of a workflow; where only this machine's user asks, also its file. */
  readonly workflow: string;
  readonly version: string;
  readonly assets: Readonly<Record<string, string>>;
}

/** What is to be held against the record: a file as it stands now, or versions of the registry. */
export async function candidateRelease(engine: Engine, named: Named, isLocal: boolean): Promise<Release> {
  const { workflow, version, assets } = named;
  if (isLocal && /\.(ya?ml|json|[cm]?[jt]s)$/.test(workflow)) return (await engine.load(workflow)).release;
  const line = refuseUnknown(engine, workflow);
  return engine.registry.instead(line, { ...assets, [line]: version });
}
