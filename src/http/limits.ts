/** A body is parsed and written in one go, while others wait; documents belong into files and stores. */
export const bodyBytesMax = 2 * 1024 * 1024;
/** A body that is too large is read on to here and thrown away: who is cut off while sending reads no answer. */
export const discardedBytesMax = 64 * 1024 * 1024;
/** Values of one body. More keep the engine busy for longer than others should wait; texts may be long. */
export const valuesMax = 100_000;
/** The first line of a request with all its headers. */
export const headerBytesMax = 16 * 1024;
/** While connections come in one after another, a request waits for its beginning so long. */
export const burstMsMax = 50;
/** Items of one page of runs, reviews or budgets. */
export const pageItemsMax = 1_000;
/** Streams of events that are followed at once. */
export const followersMax = 500;
/** After a refusal of one more: when it is worth asking again. */
export const followersRetryMs = 5_000;
/** Characters of an `Idempotency-Key`. */
export const keyCharactersMax = 255;
/** What is smaller is sent as it is. */
export const compressedBytesMin = 1_024;
/** Compressed files of the console and the pages, kept for the next who asks. */
export const compressedKeptBytesMax = 8 * 1024 * 1024;
