/**
 * flyball: the package's own door, for code that defines workflows or embeds the engine.
 *
 * `defineWorkflow` is the typed form of a workflow file, `flow` a workflow written as code, `openEngine`
 * the engine itself over a data folder.
 */
export { type Flow, type FlowContext, type FlowStepOptions, flow } from "./core/executor/index.ts";
export { defineWorkflow, type StepDefinition, type WorkflowDefinition } from "./core/workflow/index.ts";
export { Engine, type EngineOptions, openEngine } from "./engine.ts";
