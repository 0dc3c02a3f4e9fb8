/** Runs that one page of a search looks at; the next page goes on after them. */
export const searchedRunsMax = 100_000;
