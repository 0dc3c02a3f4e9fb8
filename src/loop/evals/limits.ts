/** Runs that one replay walks again. */
export const replayRunsMax = 10_000;
/** Rows of a dataset. */
export const datasetRowsMax = 100_000;
