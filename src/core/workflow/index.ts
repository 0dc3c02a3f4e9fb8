/**
 * workflow: what users write, and what a kind of step is.
 *
 * What: the format (YAML, JSON, the flat form, the typed builder), the expressions in it, every check
 * that can be made before a run, and the compiled form that the executor runs.
 * Owns: the normal form `WorkflowDocument`, whose SHA-256 is a workflow's version; the contract `StepKind`.
 * Promises: a file that loads names only steps, fields and assets that exist, in an order in which they
 * can; a file that does not load gives all its problems at once, each with line and column. The same
 * meaning has the same version, whatever the spelling. A pinned document compiles without any file.
 * Knows nothing of models, people or storage: kinds and assets come in as arguments.
 * Read first: `definition.ts` (the forms), `kind.ts` (the contract), then `load.ts` (text to document)
 * and `compile.ts` (document to what runs).
 */
export { withReferences } from "./asset-check.ts";
export type { Asset, AssetReference, AssetSource } from "./assets.ts";
export { defineWorkflow, type StepDefinition, type WorkflowDefinition } from "./builder.ts";
export { compileWorkflow, documentVersion } from "./compile.ts";
export * from "./definition.ts";
export { alternativesOf, degradedBounds } from "./degraded.ts";
export { dataFlow, describe, type StepFlow, type StepLine } from "./describe.ts";
export * from "./errors.ts";
export * from "./expressions/index.ts";
export { duration, expression, measured } from "./fields.ts";
export type { FlatForm, FlatStep } from "./flat.ts";
export { workflowJsonSchema } from "./json-schema.ts";
export * from "./kind.ts";
export { type KindRegistry, kindNameProblem, kindRegistry } from "./kinds.ts";
export { type LoadedWorkflow, type LoadOptions, loadWorkflow } from "./load.ts";
export * from "./own-kind.ts";
export { documentReferences, fitProblems, worksOf } from "./references.ts";
export * from "./secrets.ts";
export { kindsAt } from "./step-at.ts";
