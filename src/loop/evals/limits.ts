/** Runs that one replay walks again. */
export const replayRunsMax = 10_000;
