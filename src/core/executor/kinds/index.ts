/**
 * kinds: the kinds of step that the executor itself brings.
 *
 * What: `transform`, `quality_check`, `wait`, `emit`, `workflow` and `retrain`: everything a workflow can
 * do without a model, a person or a call outside.
 * Owns: the check of a value against a JSON Schema, ruleset files, and how asset files are read with
 * the line and column of each problem.
 * Promises: none of them calls out; what they say to others is a fact in the commit of the step's own
 * result. `transform` and `quality_check` return without a promise.
 * Read first: `transform.ts` (the smallest kind), then `wait.ts` (one that waits).
 */
import type { StepKind } from "../../workflow/index.ts";
import { emit } from "./emit.ts";
import { qualityCheck } from "./quality-check.ts";
import { retrain } from "./retrain.ts";
import { transform } from "./transform.ts";
import { wait } from "./wait.ts";
import { workflow } from "./workflow.ts";

export * from "./errors.ts";
export { loadRuleset } from "./quality-check.ts";
export { schemaMismatches, schemaProblem } from "./schema.ts";
export { checkedSource, type Place, readSource, type Source } from "./source.ts";

export const coreKinds: readonly StepKind[] = [transform, qualityCheck, wait, emit, workflow, retrain];
