import { FlyballError } from "../base/index.ts";

/** One thing that is wrong with a file that a user wrote. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, what was expected, and the nearest right name where there is one. */
  readonly message: string;
}

/** As compilers and editors write it: `file:line:column: message`. */
export function problemText({ file, line, column, message }: Problem): string {
  return `${file}:${line}:${column}: ${message}`;
}

/** A workflow, prompt, tool or settings file cannot be used. Nothing has started. */
export class WorkflowInvalid extends FlyballError {
  readonly code = "WORKFLOW_INVALID";
  override readonly status = 422;
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(problemText).join("\n"));
    this.problems = problems;
  }
}

/** The run's effect mode does not allow what the step would do. */
export class EffectDenied extends FlyballError {
  readonly code = "EFFECT_DENIED";
  override readonly status = 403;
  readonly effect: string;
  constructor(what: string, effect: string) {
    super(`${what} may not be done here: its effect is ${effect}, and effects are denied.`);
    this.effect = effect;
  }
}
