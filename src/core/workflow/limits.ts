/** The longest workflow file, in bytes of UTF-8. */
export const sourceBytesMax = 1024 * 1024;

/** How deep lists and mappings may nest in a workflow file. */
export const sourceDepthMax = 100;

/** How many values the aliases (`*name`) of one file may stand for, in all: stops a "billion laughs". */
export const aliasedValuesMax = 10_000;

/** Steps of one workflow, those inside blocks included. */
export const stepsMax = 1_000;

/** More than this many problems of one file help nobody. */
export const problemsMax = 100;

/** Items of one `map` under way at once. */
export const mapConcurrencyMax = 256;
export const mapConcurrencyDefault = 8;

/** Times that one `loop` may go round. */
export const loopTimesMax = 1_000;

/** Executions of one step, the first included. */
export const attemptsMax = 100;

/** The highest number that a `concurrency` or `rate` may name. */
export const limitMax = 1_000_000;

/** Priorities lie between minus this and this; a point is worth a minute of waiting. */
export const priorityMax = 1_000_000;
/** Runs that degraded mode looks back on. */
export const degradedOverDefault = 50;
export const degradedOverMax = 1_000;
export const degradedProbeMsDefault = 300_000;
