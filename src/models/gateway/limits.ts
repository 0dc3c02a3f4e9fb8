/** How long one candidate may take, where its route does not say. */
export const callTimeoutMsDefault = 120_000;
/** The largest body that a provider may answer with; answers of models stay far below it. */
export const answerBytesMax = 16 * 1024 * 1024;
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
/** Releases of calls that memory holds; beyond that they are made anew. */
export const releasesOfCallsMax = 1_000;
/** A connection to a provider on which nothing goes on is closed after this time, unless the provider says less. */
export const idleConnectionMs = 15_000;
/** URLs of providers that are remembered taken apart. */
export const addressesKeptMax = 1_000;
