import { assert } from "../base/index.ts";
import { isBlockName } from "./blocks.ts";
import type { StepKind } from "./kind.ts";

/** The kinds of step that a workflow may use, by name. */
export type KindRegistry = ReadonlyMap<string, StepKind>;

export function kindRegistry(kinds: readonly StepKind[]): KindRegistry {
  const registry = new Map<string, StepKind>();
  for (const kind of kinds) {
    assert(/^[a-z][a-z0-9_]*$/.test(kind.name), `the kind ${kind.name} has a name that nobody can write`);
    assert(!registry.has(kind.name), `two kinds are called ${kind.name}`);
    assert(!isBlockName(kind.name), `the kind ${kind.name} has the name of a block`);
    registry.set(kind.name, kind);
  }
  return registry;
}
