import { nearestRank } from "../../core/base/index.ts";
import { answersRememberedMax } from "./limits.ts";

/** What one model did lately, and since the process began. In memory: it tells of now, not of the record. */
export class Statistics {
  answers = 0;
  failures = 0;
  /** Milliseconds of the latest answers, the newest last. */
  readonly #latencies: number[] = [];
  #outputTokens: number | undefined;

  answered(latencyMs: number, outputTokens: number | null): void {
    this.answers += 1;
    this.#latencies.push(latencyMs);
    if (this.#latencies.length > answersRememberedMax) this.#latencies.shift();
    if (outputTokens === null) return;
    // The mean of the recent past: each answer counts a tenth, the first one whole.
    this.#outputTokens =
      this.#outputTokens === undefined ? outputTokens : this.#outputTokens * 0.9 + outputTokens * 0.1;
  }

  failed(): void {
    this.failures += 1;
  }

  /** How many of the latest answers the quantiles rest on. */
  get measured(): number {
    return this.#latencies.length;
  }

  /** Undefined until there was an answer. */
  latencyMs(quantile: number): number | undefined {
    const sorted = [...this.#latencies].sort((one, other) => one - other);
    return nearestRank(sorted, quantile);
  }

  /** The mean length of recent answers. */
  get outputTokens(): number | undefined {
    return this.#outputTokens;
  }
}
