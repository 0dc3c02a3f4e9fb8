/** Characters of an `Idempotency-Key`. */
export const keyCharactersMax = 255;
/** What is smaller is sent as it is. */
export const compressedBytesMin = 1_024;
/** Compressed files of the console and the pages, kept for the next who asks. */
export const compressedKeptBytesMax = 8 * 1024 * 1024;
