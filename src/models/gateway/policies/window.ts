import { windowGrowth, windowMin } from "../limits.ts";

/**
 * How many calls of a model may be under way at once: any number, until its provider says that they are
 * too many. Then as many as it had answered until it said so, and one more with each answer: a crowd that
 * comes back as it came would be turned away as it was.
 */
export class Window {
  #size = Number.POSITIVE_INFINITY;
  #underWay = 0;
  #answered = 0;
  readonly #waiting = new Set<() => void>();

  enter(): boolean {
    if (this.#underWay >= this.#size) return false;
    this.#underWay += 1;
    return true;
  }

  leave(isAnswered: boolean): void {
    this.#underWay -= 1;
    if (isAnswered) {
      this.#answered += 1;
      this.#size += 1;
    }
    this.wake();
  }

  /** The time for which the provider turned calls away is over. */
  reopen(): void {
    this.#size = Math.max(windowMin, Math.ceil(this.#answered * windowGrowth));
    this.#answered = 0;
    this.wake();
  }

  /** Whoever has not got in is told when somebody has left; the returned function takes that back. */
  onFree(tell: () => void): () => void {
    this.#waiting.add(tell);
    return () => this.#waiting.delete(tell);
  }

  /** Tells as many as have room, in their order. Whoever is told and does not enter passes it on. */
  wake(): void {
    let free = this.#size - this.#underWay;
    for (const tell of this.#waiting) {
      if (free-- <= 0) return;
      this.#waiting.delete(tell);
      tell();
    }
  }
}
