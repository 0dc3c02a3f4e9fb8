import { type Run, TextBuilder } from "./run.ts";
import type { Value } from "./values.ts";

/**
 * The variables of one activation: of the template itself, of one call of a macro, or of one round of a
 * recursive loop. A slot that is undefined has not been set.
 */
export class Frame {
  readonly run: Run;
  readonly slots: (Value | undefined)[];
  readonly parent: Frame | undefined;

  constructor(run: Run, slotCount: number, parent: Frame | undefined) {
    this.run = run;
    this.slots = new Array<Value | undefined>(slotCount).fill(undefined);
    this.parent = parent;
  }
}

/** An expression, compiled. May give `Undefined` only where its place allows that. */
export type Evaluate = (frame: Frame) => Value;

/** How a statement ended. */
export type Signal = "next" | "break" | "continue";

/** A statement, compiled: writes what it prints. */
export type Execute = (frame: Frame, out: TextBuilder) => Signal;

/** Runs something that is called, with a bound on how deep calls nest. */
export function nestCall<Result>(run: Run, call: () => Result): Result {
  run.callDepth += 1;
  if (run.callDepth > run.limits.callsNestedMax) throw run.limitPassed("callsNestedMax");
  const result = call();
  run.callDepth -= 1;
  return result;
}

/** The text that a body prints. */
export function capture(frame: Frame, body: Execute): string {
  const out = new TextBuilder(frame.run);
  body(frame, out);
  frame.run.spendText(out.length);
  return out.text();
}
