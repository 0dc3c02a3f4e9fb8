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
/** Tokens of an answer under a budget, where neither the call nor the model's settings say: it is sent as `max_tokens`. */
export const outputTokensUnderBudget = 4_096;
/** Tokens that an image may be read as; held back for each under a budget. */
export const imageTokensMax = 5_000;
/** Tokens that providers put around a message. */
export const messageTokensMax = 16;
/** Budgets of one data folder. */
export const budgetsMax = 200;
/** Keys of budgets (tenants, runs …) kept in memory; others are read from the store. */
export const usesCachedMax = 10_000;
/** Charges that a full disk keeps from being written, held in memory until there is room. */
export const unwrittenMax = 10_000;
/** Reservations of an ended process that one commit settles. */
export const lostAtOnce = 500;
/** Candidates of one route. */
export const candidatesMax = 16;
/** The length of a simulated model's vectors. */
export const simulatedDimensions = 64;
/** How many different right answers a simulated model remembers to be wrong with. */
export const observedAnswersMax = 200;
export const tiersMax = 8;
export const fallbacksMax = 8;
/** Routes and models that are kept ready; one more makes the longest unused anew when it is asked. */
export const routesReadyMax = 1_000;
/** Latencies that a model's quantiles rest on. */
export const answersRememberedMax = 50;
/** With fewer answers than this, `fastest` does not judge a model. */
export const measuredEnough = 3;
/** The share of calls with which `fastest` measures those that are not the fastest. */
export const explorationShare = 0.05;
/** Tokens of an answer, before there was one to go by. */
export const outputTokensGuess = 256;
/** The circuit breaker opens when this share of the calls within the window failed, and there were so many. */
export const breakerShare = 0.5;
export const breakerCallsMin = 5;
export const breakerWindowMs = 30_000;
/** Outcomes are counted together that came within this time. */
export const breakerSliceMs = 1_000;
/** Open for so long the first time, twice as long after each probe that fails, and at most so long. */
export const breakerOpenMs = 5_000;
export const breakerOpenMsMax = 30_000;
/** How long a step waits in memory for a provider that asks for patience; the executor waits durably. */
export const patienceMs = 10_000;
/** After a cool-down calls come back within this time, and not all at once. */
export const coolDownJitterMs = 250;
/** Requests for one call of one model, however patient it is. */
export const attemptsMax = 20;
/** Of these, after failures that are no 429 with a time. */
export const retriesMax = 2;
export const backoffMsFirst = 250;
export const backoffMsMax = 8_000;
/** Calls that may be tried again, as a share of all, and how many more there are in reserve. */
export const retryShare = 0.1;
export const retryReserve = 5;
/** An answer above this is not kept to be given again. */
export const answerBytesKeptMax = 256 * 1024;
export const answersInMemoryMax = 1_000;
export const answersInMemoryBytesMax = 16 * 1024 * 1024;
/** Releases of calls that memory holds; beyond that they are made anew. */
export const releasesOfCallsMax = 1_000;
/** A connection to a provider on which nothing goes on is closed after this time, unless the provider says less. */
export const idleConnectionMs = 15_000;
/** Characters of a prompt that a trace keeps; of a longer one it keeps digests. */
export const tracedCharactersMax = 256 * 1024;
/** After a cool-down as many calls come back as were answered before it, and a tenth more; so many at least. */
export const windowGrowth = 1.1;
export const windowMin = 4;
/** What a call is told that finds no room and cannot wait for any. */
export const windowRetryMs = 1_000;
/** URLs of providers that are remembered taken apart. */
export const addressesKeptMax = 1_000;
