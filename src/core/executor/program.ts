import type { ErrorRecord, Json, JsonObject } from "../base/index.ts";
import type { KindWork, OnFailure, Scope, StepResult } from "../workflow/index.ts";

/**
 * What decides which step comes next: the interpreter of a document, or a flow written as code.
 * Deterministic: it sees only the pinned definition and the settlements it is told, in journal order,
 * so telling it a recorded run again brings it to where that run stopped.
 */
export interface Program {
  start(): Turn | Promise<Turn>;
  /** A step has its result. */
  settle(path: string, result: StepResult): Turn | Promise<Turn>;
  /**
   * A step has failed for good. Undefined: nothing in the program tolerates that, so its `onFailure`
   * decides.
   */
  fail(path: string, error: ErrorRecord): Turn | undefined | Promise<Turn>;
  /** The run leaves memory; what is held for it elsewhere can go. */
  close?(): void;
}

/** What follows from the last settlement. */
export interface Turn {
  /** Steps to start, in the order of the definition. */
  readonly ready: readonly Activation[];
  /** Steps whose condition did not hold. */
  readonly skipped: readonly string[];
  /** Steps under way whose result no longer matters. */
  readonly abandoned: readonly string[];
  readonly ended?: Ended;
  /** The program cannot go on by itself: the run pauses, and resuming it tries again. */
  readonly stuck?: Stuck;
}

export interface Stuck {
  readonly reason: "mismatch" | "quarantined";
  readonly error: ErrorRecord;
}

export type Ended = { readonly output: Json } | { readonly path: string | null; readonly error: ErrorRecord };

/** One step to do, once. */
export interface Activation {
  readonly path: string;
  /** Undefined when the step could not even begin; then `config` throws why. */
  readonly work: KindWork | undefined;
  readonly onFailure: OnFailure;
  readonly scope: Scope;
  /** The evaluated config of the work, or of its fallback. Throws when an expression fails. */
  config(work: KindWork): JsonObject;
  /** The step that takes this one back; of one without an answer, the result is none. */
  readonly undo?: () => Activation;
}
