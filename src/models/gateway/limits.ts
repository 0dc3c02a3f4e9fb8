/** How long one candidate may take, where its route does not say. */
export const callTimeoutMsDefault = 120_000;
/** The largest body that a provider may answer with; answers of models stay far below it. */
export const answerBytesMax = 16 * 1024 * 1024;
/** How much of an answer is read in one turn of the event loop. */
export const answerPieceBytes = 4 * 1024;
/** Texts of one request for vectors: 128 vectors of 3,072 numbers are half of the largest answer. */
export const embedTextsPerRequestMax = 128;
/** A token is a byte at least, and OpenAI takes 300,000 tokens in a request. */
export const embedBytesPerRequestMax = 300_000;
/** The longest wait that a provider's `Retry-After` can ask for. */
export const retryAfterMsMax = 24 * 3_600_000;
/** How much of a provider's own words goes into an error. */
export const providerMessageMax = 300;
/** Candidates of one route. */
export const candidatesMax = 16;
/** The length of a simulated model's vectors. */
export const simulatedDimensions = 64;
/** How many different right answers a simulated model remembers to be wrong with. */
export const observedAnswersMax = 200;
