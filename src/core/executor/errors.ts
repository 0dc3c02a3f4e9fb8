import { FlyballError } from "../base/index.ts";

export class BlockFailed extends FlyballError {
  readonly code = "BLOCK_FAILED";
  constructor(step: string, reason: string) {
    super(`Step \`${step}\`: ${reason}.`);
  }
}

export class StepTimedOut extends FlyballError {
  readonly code = "STEP_TIMED_OUT";
  override readonly retry = "timeout";
  constructor(path: string, timeoutMs: number) {
    super(`Step ${path} did not end within ${timeoutMs} ms.`);
  }
}

/** The journal of a run does not fit the program that should go on with it. Nothing has been done. */
export class JournalMismatch extends FlyballError {
  readonly code = "JOURNAL_MISMATCH";
  override readonly status = 409;
  constructor(path: string, reason: string) {
    super(`The recorded step ${path} does not fit: ${reason}.`);
  }
}

export class RunNotFound extends FlyballError {
  readonly code = "RUN_NOT_FOUND";
  override readonly status = 404;
  constructor(id: string) {
    super(`There is no run ${id}.`);
  }
}

/** The run of a complete batch's row is gone by retention; it would otherwise be run a second time. */
export class RunPruned extends FlyballError {
  readonly code = "RUN_PRUNED";
  override readonly status = 410;
  constructor() {
    super("Retention has removed the run of this row. To run it once more, start a new batch (--again).");
  }
}

export class InputInvalid extends FlyballError {
  readonly code = "INPUT_INVALID";
  override readonly status = 422;
  readonly problems: readonly string[];
  constructor(workflow: string, problems: readonly string[]) {
    super(`The input does not fit workflow ${workflow}: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

export class ReleaseMissing extends FlyballError {
  readonly code = "RELEASE_MISSING";
  override readonly exitCode = 3;
  constructor(what: string) {
    super(`${what} is not here. Start Flyball with it once more, or cancel the run.`);
  }
}
