import { FlyballError } from "../base/index.ts";
import { queueRetryMs } from "./limits.ts";

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

/** A `once` step was begun, and whether it happened is not known. It is not done again by itself. */
export class OutcomeUnknown extends FlyballError {
  readonly code = "OUTCOME_UNKNOWN";
  constructor(path: string, reason: string) {
    super(
      `Whether step ${path} happened is not known: ${reason}. Find out, then skip it with its result, resume to do it again, or cancel the run.`,
    );
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

/** Too many runs wait already. Nothing was accepted. */
export class QueueFull extends FlyballError {
  readonly code = "QUEUE_FULL";
  override readonly status = 429;
  override readonly exitCode = 3;
  override readonly retryAfterMs = queueRetryMs;
  constructor(queued: number) {
    super(`${queued} runs wait already (limits.queued). Try again later.`);
  }
}

/** A person has switched it off. The step is done once it is on again. */
export class SwitchedOff extends FlyballError {
  readonly code = "SWITCHED_OFF";
  override readonly status = 503;
  override readonly exitCode = 3;
  readonly switchId: string;
  constructor(switchId: string, reason: string | null) {
    super(`${switchId} is switched off${reason ? `: ${reason}` : ""}.`);
    this.switchId = switchId;
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
