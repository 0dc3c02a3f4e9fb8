import assert from "node:assert/strict";
import { type Random, seededRandom } from "../../src/core/base/index.ts";

/** Draws from one seed: the same seed, the same draws. */
export class Dice implements Random {
  readonly #random: Random;

  constructor(seed: number | string) {
    this.#random = seededRandom(seed);
  }

  next(): number {
    return this.#random.next();
  }

  /** From `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.next() * from.length)];
    assert.ok(picked !== undefined, "there is something to pick from");
    return picked;
  }

  /** One of them, each as likely as its weight says. */
  weighted<T extends { readonly weight: number }>(from: readonly T[]): T {
    let left = this.next() * from.reduce((sum, { weight }) => sum + weight, 0);
    for (const each of from) {
      left -= each.weight;
      if (left < 0) return each;
    }
    return this.pick(from);
  }
}
