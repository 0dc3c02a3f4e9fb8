/** Characters of an `Idempotency-Key`. */
export const keyCharactersMax = 255;
