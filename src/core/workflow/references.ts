import type { AssetReference, AssetSource } from "./assets.ts";
import { innerBlocks, isBlockName } from "./blocks.ts";
import type { KindDocument, StepDocument, WorkflowDocument } from "./definition.ts";
import { alternativesOf } from "./degraded.ts";
import type { KindRegistry } from "./kinds.ts";

type Named = Pick<AssetReference, "kind" | "name">;

/**
 * What a pinned document names, each once: its steps, and what takes the place of routes in degraded mode. What
 * a step names may depend on an asset that it names, which `find` is asked for.
 */
export function documentReferences(
  document: WorkflowDocument,
  kinds: KindRegistry,
  find: AssetSource["find"],
): readonly Named[] {
  const found = new Map<string, Named>();
  const add = ({ kind, name }: Named) => found.set(`${kind}/${name}`, { kind, name });
  for (const { kind, config } of worksOf(document.steps))
    for (const reference of referencesOf({ kind, config }, kinds, find)) add(reference);
  for (const name of Object.values(alternativesOf(document, { kinds, assets: { find } })))
    add({ kind: "route", name });
  return [...found.values()];
}

/** A kind that is none of ours is one that the project brought along. */
function referencesOf(
  { kind: name, config }: KindDocument,
  kinds: KindRegistry,
  find: AssetSource["find"],
): readonly Named[] {
  const kind = kinds.get(name);
  if (kind) return kind.references?.(config, { find }) ?? [];
  return isBlockName(name) ? [] : [{ kind: "kind", name }];
}

/** Why the steps of a pinned document could not run with these assets, as far as that is known before a run. */
export function fitProblems(
  { steps }: WorkflowDocument,
  kinds: KindRegistry,
  find: AssetSource["find"],
): readonly string[] {
  return [...worksOf(steps)].flatMap(({ id, kind, config }) =>
    (kinds.get(kind)?.fit?.(config, find) ?? []).map((problem) => `step ${id}: ${problem}`),
  );
}

/** Every piece of work, with the id of its step: what a step does, what takes its place, what takes it back. */
export function* worksOf(steps: readonly StepDocument[]): Generator<KindDocument & { readonly id: string }> {
  for (const step of steps) {
    const { id, kind, config, fallback, undo } = step;
    yield { id, kind, config };
    for (const other of [fallback, undo]) if (other) yield { id, ...other };
    for (const inner of innerBlocks(step)) yield* worksOf(inner.steps);
  }
}
