import type { Asset, AssetReference, AssetSource } from "./assets.ts";
import { innerBlocks } from "./blocks.ts";
import type { StepDocument } from "./definition.ts";
import { WorkflowInvalid } from "./errors.ts";
import { didYouMean } from "./findings.ts";
import type { KindRegistry } from "./kinds.ts";
import type { Normalised } from "./normalise.ts";
import type { Report } from "./report.ts";
import type { Path } from "./spelling.ts";
import { hasTags } from "./templates.ts";

interface AssetContext {
  readonly kinds: KindRegistry;
  readonly assets: AssetSource;
  readonly report: Report;
}

/** Every asset that the steps name, each once, in the order of the document. */
export function resolveAssets(normalised: Normalised, context: AssetContext): readonly Asset[] {
  const found = new Map<string, Asset | undefined>();
  for (const { reference, path } of allReferences(normalised, context)) {
    const key = `${reference.kind}/${reference.name}`;
    if (found.has(key) && found.get(key)) continue;
    found.set(key, findAsset(reference, path, context));
  }
  return [...found.values()].filter((asset) => asset !== undefined);
}

function findAsset(
  { kind, name }: AssetReference,
  path: Path,
  { assets, report }: AssetContext,
): Asset | undefined {
  if (hasTags(name)) {
    report.problem(
      path,
      `expected the name of a ${kind}, which is pinned before a run and so cannot be an expression`,
    );
    return undefined;
  }
  try {
    const asset = assets.find(kind, name);
    if (!asset)
      report.problem(path, `there is no ${kind} \`${name}\`${didYouMean(name, assets.names(kind))}`);
    return asset;
  } catch (error) {
    if (!(error instanceof WorkflowInvalid)) throw error;
    report.add(error.problems);
    return undefined;
  }
}

function* allReferences({ document, origins, sound }: Normalised, { kinds, assets }: AssetContext) {
  for (const step of allSteps(document.steps)) {
    const origin = origins.get(step);
    if (!origin) continue;
    if (sound.has(step))
      for (const reference of kinds.get(step.kind)?.references?.(step.config, assets) ?? [])
        yield { reference, path: [...origin.config, ...reference.path] };
    for (const member of ["fallback", "undo"] as const) {
      const other = step[member];
      if (!other) continue;
      for (const reference of kinds.get(other.kind)?.references?.(other.config, assets) ?? [])
        yield { reference, path: [...origin.step, member, other.kind, ...reference.path] };
    }
  }
}

function* allSteps(steps: readonly StepDocument[]): Generator<StepDocument> {
  for (const step of steps) {
    yield step;
    for (const inner of innerBlocks(step)) yield* allSteps(inner.steps);
  }
}
