/**
 * flyball: the package's own door, for code that defines workflows or embeds the engine.
 *
 * `defineWorkflow` is the typed form of a workflow file, `flow` a workflow written as code, `defineKind` a
 * kind of step of one's own, `openEngine` the engine itself over a data folder. The engine is loaded when it is opened: a process that only runs
 * a flow's code imports this door too, and starts in half the time without it.
 */
import type { Engine, EngineOptions } from "./engine.ts";

export { type Flow, type FlowContext, type FlowStepOptions, flow } from "./core/executor/index.ts";
export {
  defineKind,
  defineWorkflow,
  type OwnKind,
  type OwnKindContext,
  type OwnKindResult,
  RetryLater,
  type StepDefinition,
  type WorkflowDefinition,
} from "./core/workflow/index.ts";
export type { Engine, EngineOptions } from "./engine.ts";

export async function openEngine(options: EngineOptions): Promise<Engine> {
  const engine = await import("./engine.ts");
  return engine.openEngine(options);
}
