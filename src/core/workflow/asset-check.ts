import type { Asset, AssetReference, AssetSource } from "./assets.ts";
import { innerBlocks } from "./blocks.ts";
import type { StepDocument, WorkflowDocument } from "./definition.ts";
import { alternativesOf, degradedProblems } from "./degraded.ts";
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
  for (const { reference, path } of degradedReferences(normalised.document, context))
    found.set(`${reference.kind}/${reference.name}`, findAsset(reference, path, context));
  const named = [...found.values()].filter((asset) => asset !== undefined);
  return reported(context.report, () => withReferences(named, context.assets)) ?? named;
}

/** Assets with those that they name in turn, each once; a source vouches for the names within its assets. */
export function withReferences(assets: readonly Asset[], source: AssetSource): readonly Asset[] {
  const all = new Map(assets.map((asset) => [`${asset.kind}/${asset.name}`, asset]));
  // A map gives what is put into it while it is walked through.
  for (const asset of all.values())
    for (const { kind, name } of source.references?.(asset) ?? []) {
      const other = all.has(`${kind}/${name}`) ? undefined : source.find(kind, name);
      if (other) all.set(`${kind}/${name}`, other);
    }
  return [...all.values()];
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
  return reported(report, () => {
    const found = assets.find(kind, name);
    if (!found)
      report.problem(path, `there is no ${kind} \`${name}\`${didYouMean(name, assets.names(kind))}`);
    return found;
  });
}

/** What is there but wrong is told together with all else that is. */
function reported<T>(report: Report, find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof WorkflowInvalid)) throw error;
    report.add(error.problems);
    return undefined;
  }
}

/** What takes the place of routes in degraded mode is pinned with them. */
function* degradedReferences(document: WorkflowDocument, context: AssetContext) {
  const { degraded } = document;
  if (!degraded) return;
  for (const { path, message } of degradedProblems(document, context))
    context.report.problem(["degraded", ...path], message, "key");
  const others = typeof degraded.use === "string" ? {} : degraded.use.routes;
  const at = (name: string) => (Object.hasOwn(others, name) ? ["use", "routes", name] : ["use"]);
  for (const [of, name] of Object.entries(alternativesOf(document, context)))
    yield { reference: { kind: "route", name, path: [] }, path: ["degraded", ...at(of)] };
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
