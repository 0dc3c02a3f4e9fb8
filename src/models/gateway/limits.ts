/** How long one candidate may take, where its route does not say. */
export const callTimeoutMsDefault = 120_000;
/** The largest body that a provider may answer with; answers of models stay far below it. */
export const answerBytesMax = 16 * 1024 * 1024;
/** The longest wait that a provider's `Retry-After` can ask for. */
export const retryAfterMsMax = 24 * 3_600_000;
/** How much of a provider's own words goes into an error. */
export const providerMessageMax = 300;
/** Candidates of one route. */
export const candidatesMax = 16;
/** How many different right answers a simulated model remembers to be wrong with. */
export const observedAnswersMax = 200;
/** Characters of a prompt that a trace keeps; of a longer one it keeps digests. */
export const tracedCharactersMax = 256 * 1024;
