/** Runs that are worked on at once, unless settings say otherwise; others wait their turn as rows. */
export const runsAtOnceDefault = 1_000;
/** Runs that wait for their turn, unless settings say otherwise; one more is refused. */
export const runsQueuedDefault = 100_000;
/** After a refusal by a full queue: when it is worth asking again. */
export const queueRetryMs = 1_000;
/** Queued runs of a lane that memory holds. */
export const queuePage = 64;
/** What a point of priority is worth in waiting. */
export const priorityPointMs = 60_000;
/** A step in line for a place stays in memory this long; then its run is a row that waits. */
export const gateInMemoryMsMax = 1_000;
/** A run that waits as a row for a place looks again after this time, should nobody have told it. */
export const gateRetryMs = 60_000;
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
/** Steps of one run of which something is still told once their bodies are gone. */
export const keptStepsMax = 1_000;
