/** Contents of assets kept in memory, to find what they name. */
export const contentsCachedMax = 2_000;
/** Rollouts that a run of one workflow can be in: each doubles the combinations that must fit. */
export const rolloutsPerWorkflowMax = 5;
/** Latencies of an arm that its percentiles are over: those of the runs that ended last. */
export const latenciesMax = 1_000;
/** Runs, or scores, before a guard speaks, unless it says otherwise. */
export const guardMinRunsDefault = 20;
/** Sets of names that calls have used, kept ready for one state of the labels. */
export const picksKeptMax = 1_000;
/** How deep workflows may call each other. */
export const childDepthMax = 20;
