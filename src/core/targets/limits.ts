/** Runs that try whether all is well again, as a share of those that the bounds are held against. */
export const probeShare = 0.1;
export const probeRunsMin = 3;
/** To be restored, a workflow must be better than its bounds by this much, or it would go to and fro. */
export const restoreMargin = 0.9;
