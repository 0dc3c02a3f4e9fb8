import { alpha } from "./limits.ts";

/**
 * The chance of proposing what is not good enough, `alpha` for a whole cycle, shared by all that is tested in it. Each
 * test has its part; what was shown leaves its part to the next one, since it was no error (the fallback procedure:
 * Wiens and Dmitrienko 2005, J. Biopharm. Stat. 15(6); uniformly better than Bonferroni's).
 */
export class ErrorBudget {
  readonly #part: number;
  #left = 0;

  constructor(tests: number) {
    this.#part = alpha / Math.max(1, tests);
  }

  /** The confidence that the next test must show; `isShown` is told at that level whether it does. */
  test<T>(isShown: (level: number) => T | undefined): T | undefined {
    const part = this.#part + this.#left;
    const shown = isShown(1 - part);
    this.#left = shown === undefined ? 0 : part;
    return shown;
  }
}
