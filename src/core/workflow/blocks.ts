import { isJsonObject, type Json, type JsonObject } from "../base/index.ts";
import type { StepDocument } from "./definition.ts";
import type { Path } from "./spelling.ts";

export const blockNames = new Set(["parallel", "map", "branch", "loop"] as const);
export type BlockName = "parallel" | "map" | "branch" | "loop";

export function isBlockName(name: string): name is BlockName {
  return (blockNames as ReadonlySet<string>).has(name);
}

/** The configs of blocks in normal form, beside their steps. */
export type BlockConfig =
  | { readonly steps: readonly StepDocument[] }
  | {
      readonly over: Json;
      readonly concurrency: number;
      readonly onItemError: "fail" | "keep";
      readonly steps: readonly StepDocument[];
    }
  | { readonly until?: string | boolean; readonly max: number; readonly steps: readonly StepDocument[] }
  | {
      readonly arms: readonly { readonly when?: string | boolean; readonly steps: readonly StepDocument[] }[];
    };

/** Step documents are JSON, which their interface cannot say of its optional members. */
export function blockConfig(config: BlockConfig): JsonObject {
  return config as unknown as JsonObject;
}

/** Steps that a block holds, and what it adds to their scope. */
export interface InnerBlock {
  readonly steps: readonly StepDocument[];
  /** Where they stand within the block's config. */
  readonly path: Path;
  /** Names that exist only in there. */
  readonly locals: readonly string[];
  readonly isParallel: boolean;
}

const localsOf: Readonly<Record<BlockName, readonly string[]>> = {
  parallel: [],
  map: ["item", "index"],
  branch: [],
  loop: ["index"],
};

/** The blocks of steps inside a step: none for a kind, one for most blocks, one for each arm of a branch. */
export function innerBlocks(step: StepDocument): readonly InnerBlock[] {
  if (!isBlockName(step.kind)) return [];
  const inner = { locals: localsOf[step.kind], isParallel: step.kind === "parallel" };
  if (step.kind !== "branch") return [{ ...inner, path: ["steps"], steps: stepsIn(step.config) }];
  const arms = Array.isArray(step.config.arms) ? step.config.arms : [];
  return arms.map((arm: Json, index) => ({ ...inner, path: ["arms", index, "steps"], steps: stepsIn(arm) }));
}

/** The steps of a config that the loader or the journal holds: checked when they went in. */
function stepsIn(config: Json): readonly StepDocument[] {
  const steps = isJsonObject(config) ? config.steps : undefined;
  return Array.isArray(steps) ? (steps as unknown as readonly StepDocument[]) : [];
}
