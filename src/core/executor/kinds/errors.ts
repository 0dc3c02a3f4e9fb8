import { type ErrorRecord, FlyballError } from "../../base/index.ts";

/** A value did not pass its `quality_check`. */
export class QualityCheckFailed extends FlyballError {
  readonly code = "QUALITY_CHECK_FAILED";
  override readonly status = 422;
  readonly failures: readonly { readonly name: string; readonly message: string }[];
  constructor(failures: readonly { readonly name: string; readonly message: string }[]) {
    super(`The value did not pass: ${failures.map(({ name, message }) => `${name}: ${message}`).join("; ")}`);
    this.failures = failures;
  }
}

/** The JSON Schema of a check cannot be used. */
export class SchemaInvalid extends FlyballError {
  readonly code = "SCHEMA_INVALID";
  override readonly status = 422;
  readonly reason: string;
  constructor(reason: string) {
    super(`The schema cannot be used: ${reason}`);
    this.reason = reason;
  }
}

/** The event that a `wait` step waited for did not come in time. */
export class WaitExpired extends FlyballError {
  readonly code = "WAIT_EXPIRED";
  override readonly status = 504;
  readonly event: string;
  constructor(event: string) {
    super(`The event "${event}" did not come in time.`);
    this.event = event;
  }
}

/** A child run ended otherwise than completed. */
export class ChildFailed extends FlyballError {
  readonly code = "CHILD_FAILED";
  readonly workflow: string;
  readonly childStatus: string;
  readonly childError: ErrorRecord | null;
  constructor(workflow: string, childStatus: string, childError: ErrorRecord | null) {
    super(
      `The child run of "${workflow}" ended as ${childStatus}${childError ? `: ${childError.message}` : "."}`,
    );
    this.workflow = workflow;
    this.childStatus = childStatus;
    this.childError = childError;
  }
}
