/**
 * evals: what a change would do, before it does it.
 *
 * What: replay of recorded runs with another release, scorers, datasets, and the figures of an evaluation, each with
 * how far it may be off.
 * Owns: nothing of the journal; a replay appends nothing.
 * Promises: C1 to C4 at the head of `candidate.ts`: what is pure is computed again, a recorded answer stands only for
 * the same question, nothing outside is touched unless it was allowed by name. The same record, release and seed give
 * the same figures.
 * Read first: `replay.ts`, `baseline.ts` and `candidate.ts`; then `scorers.ts` and `evaluation.ts`.
 */
export { type ReplayDeps, replayDeps } from "./baseline.ts";
export type { Candidate, Permissions, Replayability, ReplayedStep, StepTreatment } from "./candidate.ts";
export { type DatasetRow, datasetAsset, type RowLabel, rowOfRun, rowsOf, rowsOfFile } from "./datasets.ts";
export * from "./errors.ts";
export { evaluate, judgeOf } from "./evaluation.ts";
export { type Comparison, compare, type Figures, figuresOf, type ScoredRow } from "./figures.ts";
export { type GateResult, gateOf, passes } from "./gates.ts";
export { datasetRowsMax, replayRunsMax } from "./limits.ts";
export {
  type Difference,
  type ReplayedRun,
  type ReplayRequest,
  type ReplaySummary,
  replay,
  replayRun,
  summaryOf,
} from "./replay.ts";
export { scorerOf } from "./scorers.ts";
export type { Estimate } from "./statistics.ts";
