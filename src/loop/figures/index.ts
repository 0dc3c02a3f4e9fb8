/**
 * figures: how each workflow does, by the day.
 *
 * What: share automated, accuracy, time to result, cost, review minutes, errors and fallbacks with reasons,
 * throughput and utilization, of a window and of each of its days; and which targets are missed.
 * Owns: nothing; a past day is remembered, and counted anew once in a while.
 * Promises: bounded work, however many runs a day has; a figure of nothing is none.
 * Read first: `figures.ts`, then `facts.ts` (what is counted) and `present.ts` (what follows from it).
 */
export { type FiguresDeps, WorkflowFigures } from "./figures.ts";
export { windowDaysMax } from "./limits.ts";
export { type Miss, missedTargets } from "./targets.ts";
export { byPerson, verdicts } from "./verdicts.ts";
