import { FlyballError } from "../../core/base/index.ts";

export class ReviewNotFound extends FlyballError {
  readonly code = "REVIEW_NOT_FOUND";
  override readonly status = 404;
  constructor(id: string) {
    super(`There is no review ${id}.`);
  }
}

export class ReviewNotOpen extends FlyballError {
  readonly code = "REVIEW_NOT_OPEN";
  override readonly status = 409;
  override readonly exitCode = 3;
  constructor(id: string, status: string, by: string | null) {
    super(`Review ${id} was already ${status}${by ? ` by ${by}` : ""}.`);
  }
}

export class DecisionInvalid extends FlyballError {
  readonly code = "DECISION_INVALID";
  override readonly status = 422;
}

/** Nobody answered in time, and the step says that this is a failure. */
export class ReviewExpired extends FlyballError {
  readonly code = "REVIEW_EXPIRED";
  constructor(path: string) {
    super(`Nobody answered the review of step ${path} in time.`);
  }
}
