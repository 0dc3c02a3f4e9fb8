import { FlyballError } from "../base/index.ts";
import { queueRetryMs } from "./limits.ts";
import type { Stuck } from "./program.ts";

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

/** A step is to be answered by a person: its fallback does that, or else a review of it. */
export class PersonNeeded extends FlyballError {
  readonly code = "PERSON_NEEDED";
  override readonly status = 503;
  override readonly exitCode = 3;
  constructor(who: string, reasons: readonly string[]) {
    super(`${who} leaves this to a person${reasons.length > 0 ? ` (${reasons.join("; ")})` : ""}.`);
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

/** Only what has ended can be restarted: until then, two runs would stand for the same effects. */
export class RunNotFinal extends FlyballError {
  readonly code = "RUN_NOT_FINAL";
  override readonly status = 409;
  override readonly exitCode = 3;
  constructor(id: string, status: string) {
    super(`Run ${id} is ${status}. Resume it, or cancel it before you restart it.`);
  }
}

/** Retention has taken what the run's steps gave. */
export class RunErased extends FlyballError {
  readonly code = "RUN_ERASED";
  override readonly status = 409;
  override readonly exitCode = 3;
  constructor(id: string) {
    super(`What the steps of run ${id} gave has been erased: it cannot be restarted from one of them.`);
  }
}

export class StepNotFound extends FlyballError {
  readonly code = "STEP_NOT_FOUND";
  override readonly status = 404;
  constructor(id: string, path: string, known: readonly string[]) {
    super(`Run ${id} did not come to a step ${path}; it came to ${known.slice(0, 20).join(", ") || "none"}.`);
  }
}

/** A result that would be kept stands for an effect that was taken back. */
export class StepsUndone extends FlyballError {
  readonly code = "STEPS_UNDONE";
  override readonly status = 409;
  override readonly exitCode = 3;
  constructor(id: string, paths: readonly string[]) {
    super(`In run ${id}, ${paths.join(", ")} was taken back: restart from ${paths[0]}, or before it.`);
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
  override readonly status = 409;
  override readonly exitCode = 3;
  constructor(what: string) {
    super(`${what} is not here. Start Flyball with it once more, or cancel the run.`);
  }
}

/**
 * The process that users' code ran in has ended under it. A run that may have done it does the step again
 * at once, alone; a run that only stood beside it is not blamed.
 */
export class ProcessCrashed extends FlyballError {
  readonly code = "PROCESS_CRASHED";
  readonly reason: string;
  readonly isBlamed: boolean;
  constructor(reason: string, isBlamed: boolean) {
    super(`The process of users' code has ended: ${reason}.`);
    this.reason = reason;
    this.isBlamed = isBlamed;
  }
}

/** A program that cannot be brought to where the journal ends; the code and the words are its own. */
export class ProgramStuck extends FlyballError {
  readonly code: string;
  override readonly status = 409;
  readonly reason: Stuck["reason"];
  constructor({ reason, error }: Stuck) {
    super(error.message);
    this.code = error.code;
    this.reason = reason;
  }
}

/** A run that ends its process again and again is set aside, so that the others go on. */
export class Quarantined extends FlyballError {
  readonly code = "QUARANTINED";
  constructor(what: string, crashes: number, reason: string) {
    super(
      `${what} has ended its process ${crashes} times without getting on (the last time: ${reason}). Resume the run to try again.`,
    );
  }
}
