import { assert, type ErrorRecord } from "../base/index.ts";
import type { Undone } from "./events.ts";
import type { Activation, Program, Turn } from "./program.ts";

/**
 * What takes the place of a run's program when the run does not come to its end: it takes back what the
 * steps did, the last one first and one after the other. Each is a step like any other, with retries and
 * waits; one that has failed for good is listed, and the next has its turn.
 */
export class UndoProgram implements Program {
  readonly #left: Activation[];
  readonly #undone: string[] = [];
  readonly #notUndone: { path: string; error: ErrorRecord }[] = [];
  #current: string | undefined;

  /** The steps to take back, in the order in which they began. */
  constructor(owed: readonly Activation[]) {
    this.#left = [...owed];
  }

  get undone(): Undone {
    return { undone: this.#undone, notUndone: this.#notUndone };
  }

  start(): Turn {
    return this.#next();
  }

  settle(): Turn {
    this.#undone.push(this.#taken());
    return this.#next();
  }

  fail(_path: string, error: ErrorRecord): Turn {
    this.#notUndone.push({ path: this.#taken(), error });
    return this.#next();
  }

  #taken(): string {
    assert(this.#current, "only what is being taken back can end");
    return this.#current;
  }

  #next(): Turn {
    const next = this.#left.pop();
    this.#current = next?.path;
    const ready = next?.undo ? [next.undo()] : [];
    return { ready, skipped: [], abandoned: [], ...(next ? {} : { ended: { output: null } }) };
  }
}
