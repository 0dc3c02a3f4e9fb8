/** A body of a call: images come within it. */
export const callBytesMax = 20 * 1024 * 1024;
/** Tags of one call, and how long the header that gives them may be. */
export const tagsMax = 20;
export const tagsCharactersMax = 4_096;
export const tagNameCharactersMax = 100;
export const tagValueCharactersMax = 200;
/** As OpenAI has it. */
export const messagesMax = 10_000;
export const toolsMax = 128;
export const stopsMax = 4;
export const embeddingInputsMax = 2_048;
/** While a model thinks, a comment goes out this often, so that nothing between us and the client gives up. */
export const heartbeatMs = 10_000;
/** Attempts under one `Idempotency-Key`; those that failed are asked again. */
export const keyAttemptsMax = 100;
