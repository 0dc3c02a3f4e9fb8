/** A body above this many characters is kept as a blob beside the database. */
export const bodyInlineCharactersMax = 64 * 1024;
/** The largest body that is accepted at all. */
export const bodyCharactersMax = 64 * 1024 * 1024;
/** Heads of streams kept in memory; others are read from the store when needed. */
export const headsCachedMax = 4_000;
/** Events read at once when following, verifying or sealing. */
export const pageEvents = 1_000;
/** Events that one seal covers at most: some milliseconds of work without a turn for anything else. */
export const sealEventsMax = 4_000;
