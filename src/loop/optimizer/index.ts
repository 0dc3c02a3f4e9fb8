/**
 * optimizer: makes a workflow cheaper, faster and more right from its own record.
 *
 * What: findings (what the record shows, and what it would be worth), proposals (a typed change of one asset with
 * its diff, what to expect and how it is undone), experiments (the proof, on running traffic, and a watch after it).
 * Owns: the streams `optimizer/WORKFLOW`, `proposal/ID` and `experiment/ID`.
 * Promises: E1 to E4 at the head of `experiment.ts`. A finding follows from the record alone; a cycle changes
 * nothing; what is expected has an interval, and what came of it stands beside it in the end.
 * Read first: `observations.ts` (what is seen of a run), `cycle.ts`, then `experiment.ts` and `sequential.ts`.
 */
export type { Effects, Finding } from "./changes.ts";
export { comparisonOf } from "./comparison.ts";
export type { Cycle } from "./cycle.ts";
export * from "./errors.ts";
export { type Experiment, type Seen, stages } from "./experiment.ts";
export { type Keeping, type Mode, modes, optimizerSettings } from "./keeping.ts";
export { type ListedProposal, proposalStatuses } from "./listed.ts";
export { Optimizer } from "./optimizer.ts";
export type { Proposal } from "./proposals.ts";
