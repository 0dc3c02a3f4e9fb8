/** Runs of one day that are counted; of a day with more, the newest. */
export const dayRunsMax = 5_000;
/** Runs of one day of which the journal is read, for what no control table tells. */
export const sampledRunsMax = 40;
/** Days of one answer. */
export const windowDaysMax = 90;
/** Days that are remembered. */
export const daysRememberedMax = 2_000;
/** A day of which every run has ended changes only by scores that come late. */
export const settledForMs = 600_000;
/** Any other is counted anew after this time. */
export const unsettledForMs = 5_000;
/** A person who decides nothing for longer than this was not at work on the review. */
export const attentionMsMax = 900_000;
/** Reasons that are told of errors, and of fallbacks. */
export const reasonsMax = 20;
