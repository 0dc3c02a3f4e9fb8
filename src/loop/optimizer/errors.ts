import { FlyballError } from "../../core/base/index.ts";

export class ProposalNotFound extends FlyballError {
  readonly code = "PROPOSAL_NOT_FOUND";
  override readonly status = 404;
  constructor(id: string) {
    super(`There is no proposal ${id}.`);
  }
}

export class ExperimentNotFound extends FlyballError {
  readonly code = "EXPERIMENT_NOT_FOUND";
  override readonly status = 404;
  constructor(id: string) {
    super(`There is no experiment ${id}.`);
  }
}

/** Its experiment has begun already, it was declined, or what it changes has changed since. */
export class ProposalStale extends FlyballError {
  readonly code = "PROPOSAL_STALE";
  override readonly status = 409;
  override readonly exitCode = 3;
  constructor(id: string, asked: "tried" | "declined", reason: string) {
    super(`Proposal ${id} cannot be ${asked}: ${reason}.`);
  }
}

/** A text that a change does not fit into. */
export class EditImpossible extends FlyballError {
  readonly code = "EDIT_IMPOSSIBLE";
  override readonly status = 422;
  constructor(kind: string, reason: string) {
    super(`${kind} cannot be written: ${reason}.`);
  }
}
