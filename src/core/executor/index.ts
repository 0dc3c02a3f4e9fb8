/**
 * executor: takes a run from its journal to its next stop.
 *
 * What: the interpreter of documents, code-first flows, the queue and its limits, retry, waits, undo,
 * pause and resume, switches, recovery; and the control tables as a fold of the journal.
 * Owns: every event of a run's stream; the inbox; the switches; releases.
 * Promises: the invariants X1 to X8 at the head of `advance.ts`, and A1 to A4 of `admission.ts`. Results
 * are recorded exactly once; steps run at least once. It knows kinds of steps, not models.
 * Read first: `program.ts` (what decides), `advance.ts` (the loop), `outcomes.ts` (what comes of a step),
 * `replay.ts`, `interpreter.ts`.
 */
export type { RunLimits } from "./admission.ts";
export * from "./alerts.ts";
export { Batches, type BatchInput, type BatchNews, type BatchRequest } from "./batch.ts";
export { eraseUncaptured } from "./capture.ts";
export { controlChanges, forgottenRows } from "./control.ts";
export * from "./errors.ts";
export * from "./events.ts";
export { Executor, type ExecutorOptions } from "./executor.ts";
export {
  codeKind,
  type Flow,
  type FlowContext,
  FlowProgram,
  type FlowStepOptions,
  flow,
  isFlow,
} from "./flow.ts";
export { coreKinds } from "./kinds/index.ts";
export { crashesMax, runsAtOnceDefault, runsQueuedDefault } from "./limits.ts";
export { overdueRun } from "./overdue.ts";
export type * from "./program.ts";
export { commandAppend } from "./record.ts";
export { type RecordedOutcome, type RecordedRun, recordRun } from "./recorded.ts";
export * from "./rehearsal.ts";
export {
  assetOf,
  createReleases,
  type Definition,
  type FlowDefinition,
  type Release,
  type ReleaseParts,
  type Releases,
  releaseDigest,
  withAlternatives,
} from "./release.ts";
export { applyRetention, type Retention } from "./retention.ts";
export type { StoppedRun } from "./run.ts";
export * from "./spending.ts";
export type { StartRequest } from "./start.ts";
export type * from "./store.ts";
export {
  type Switches,
  type SwitchMode,
  type SwitchRow,
  type SwitchScope,
  switchId,
  switchScopes,
} from "./switches.ts";
export { type RunView, type StepView, viewRun } from "./view.ts";
