/** Sets of labels that one metric keeps apart; what is more is counted under `other`. */
export const labelSetsMax = 1_000;
/** Runs under way whose times are kept in memory; of the others they are read from the journal at their end. */
export const runsTrackedMax = 20_000;
/** Runs whose times are still to be read; of more, no times are told. */
export const readsQueuedMax = 10_000;
/** Upper bounds of the buckets of durations, in seconds: from a commit to a day that a person takes. */
export const secondsBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400,
] as const;
/** A commit's, in seconds. */
export const commitBuckets = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5] as const;
/** Events of one commit. */
export const groupBuckets = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000] as const;
