import { innerBlocks } from "./blocks.ts";
import type { KindDocument, StepDocument, WorkflowDocument } from "./definition.ts";

/**
 * The kinds that may run at the path of a step, such as `items[3].draft` or `send.undo`: its own, its
 * fallback and its undo. None where a document has no such step.
 */
export function kindsAt({ steps }: WorkflowDocument, path: string): readonly KindDocument[] {
  const step = stepAt(steps, path) ?? stepAt(steps, path.replace(/\.undo$/, ""));
  return [step, step?.fallback, step?.undo].filter((kind) => kind !== undefined);
}

function stepAt(steps: readonly StepDocument[], path: string): StepDocument | undefined {
  let inside = steps;
  let found: StepDocument | undefined;
  for (const part of path.split(".")) {
    const id = part.replace(/\[\d+\]$/, "");
    found = inside.find((step) => step.id === id);
    inside = found ? innerBlocks(found).flatMap((block) => block.steps) : [];
  }
  return found;
}
