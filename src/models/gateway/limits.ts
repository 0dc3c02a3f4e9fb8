/** How long one candidate may take, where its route does not say. */
export const callTimeoutMsDefault = 120_000;
/** The largest body that a provider may answer with; answers of models stay far below it. */
export const answerBytesMax = 16 * 1024 * 1024;
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
/** How many different right answers a simulated model remembers to be wrong with. */
export const observedAnswersMax = 200;
