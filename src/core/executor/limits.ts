/** Runs that are worked on at once; others wait their turn as rows. */
export const runsLoadedMax = 1_000;
/** A wait at most this long stays in memory; a longer one costs a row and nothing else. */
export const waitInMemoryMsMax = 1_000;
/** How often the engine looks for runs that nobody told it about. */
export const recoveryPollMs = 1_000;
/** A run that met a full disk is taken up again from its journal after this time. */
export const diskFullRetryMs = 5_000;
/** After a look that found as many runs as it may wake: there are more. */
export const fullBatchPollMs = 20;
/** Runs woken by one look. */
export const wakeBatch = 500;
/** Compiled releases kept in memory. */
export const releasesCachedMax = 100;
/** A run that ends the process of its code so often, without getting on in between, is set aside. */
export const crashesMax = 3;
