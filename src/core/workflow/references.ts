import type { Asset, AssetReference } from "./assets.ts";
import { innerBlocks } from "./blocks.ts";
import type { KindDocument, StepDocument, WorkflowDocument } from "./definition.ts";
import type { KindRegistry } from "./kinds.ts";

/** What the steps of a pinned document name, each once, in the order of the document. */
export function documentReferences(
  { steps }: WorkflowDocument,
  kinds: KindRegistry,
): readonly Pick<AssetReference, "kind" | "name">[] {
  const found = new Map<string, Pick<AssetReference, "kind" | "name">>();
  for (const { kind, config } of worksOf(steps))
    for (const { kind: of, name } of kinds.get(kind)?.references?.(config) ?? [])
      found.set(`${of}/${name}`, { kind: of, name });
  return [...found.values()];
}

/** Why the steps of a pinned document could not run with these assets, as far as that is known before a run. */
export function fitProblems(
  { steps }: WorkflowDocument,
  kinds: KindRegistry,
  find: (kind: string, name: string) => Asset | undefined,
): readonly string[] {
  return [...worksOf(steps)].flatMap(({ id, kind, config }) =>
    (kinds.get(kind)?.fit?.(config, find) ?? []).map((problem) => `step ${id}: ${problem}`),
  );
}

/** Every piece of work, with the id of its step: what a step does, what takes its place, what takes it back. */
function* worksOf(steps: readonly StepDocument[]): Generator<KindDocument & { readonly id: string }> {
  for (const step of steps) {
    const { id, kind, config, fallback, undo } = step;
    yield { id, kind, config };
    for (const other of [fallback, undo]) if (other) yield { id, ...other };
    for (const inner of innerBlocks(step)) yield* worksOf(inner.steps);
  }
}
