import { assert } from "../base/index.ts";
import { blockNames, isBlockName } from "./blocks.ts";
import { idPattern, stepShape } from "./fields.ts";
import type { StepKind } from "./kind.ts";
import { knownKey } from "./spelling.ts";

/** The kinds of step that a workflow may use, by name. */
export type KindRegistry = ReadonlyMap<string, StepKind>;

export function kindRegistry(kinds: readonly StepKind[]): KindRegistry {
  const registry = new Map<string, StepKind>();
  for (const kind of kinds) {
    assert(idPattern.test(kind.name), `the kind ${kind.name} has a name that nobody can write`);
    assert(!registry.has(kind.name), `two kinds are called ${kind.name}`);
    assert(!isBlockName(kind.name), `the kind ${kind.name} has the name of a block`);
    registry.set(kind.name, kind);
  }
  return registry;
}

/** Why a project's own kind cannot have this name beside those that there are. */
export function kindNameProblem(name: string, kinds: KindRegistry): string | undefined {
  if (!idPattern.test(name))
    return `a kind has the name of its file: expected small letters, digits and _, a letter first`;
  if (knownKey(name, Object.fromEntries(kinds))) return `there is a built-in kind \`${name}\``;
  const members = { ...stepShape, ...Object.fromEntries([...blockNames].map((block) => [block, true])) };
  return knownKey(name, members) ? `\`${name}\` already means something else on a step` : undefined;
}
