/** How many files one index may have; beyond it a dedicated search engine is the better tool. */
export const indexFilesMax = 50_000;
/** A text file above this is a mistake more often than a document. */
export const fileBytesMax = 16 * 1024 * 1024;
/** What a passage aims at: about 250 words, which is what a person reads and a prompt can hold a few of. */
export const passageCharsTarget = 1_500;
/** Terms of one question; more change the ranking little and cost time each. */
export const queryTermsMax = 64;
/** Passages in one answer. */
export const limitMax = 1_000;
export const limitDefault = 5;
