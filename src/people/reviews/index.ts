/**
 * reviews: questions to people, and their answers.
 *
 * What: ask with draft, evidence and deadline; approve, correct, reject, escalate; the kind `human_review`.
 * Owns: the streams `review/…` and their fold.
 * Promises: the first answer counts and a later one is refused; a missing answer never counts as an
 * approval; the answer and the run's going on share one commit, so neither is lost without the other.
 * Read first: `events.ts`, `state.ts`, then `step.ts` (asking) and `decide.ts` (answering).
 */
export { type DecisionRequest, decide, readReview } from "./decide.ts";
export * from "./errors.ts";
export type * from "./events.ts";
export type { Review } from "./state.ts";
export { humanReviewKind } from "./step.ts";
