import { FlyballError } from "../base/index.ts";

export class AssetNotFound extends FlyballError {
  readonly code = "ASSET_NOT_FOUND";
  override readonly status = 404;
  constructor(line: string) {
    super(`There is no asset ${line}.`);
  }
}

/** No version of the asset is named so, or more than one is. */
export class VersionNotFound extends FlyballError {
  readonly code = "VERSION_NOT_FOUND";
  override readonly status = 404;
  constructor(line: string, named: string) {
    super(`${line} has no one version ${named}; name a label, or enough of a digest.`);
  }
}

/** A name that a label cannot have. */
export class LabelInvalid extends FlyballError {
  readonly code = "LABEL_INVALID";
  override readonly status = 422;
  constructor(label: string) {
    super(
      `${JSON.stringify(label)} is no label: expected small letters, digits, - and _, 50 at most; and not newest.`,
    );
  }
}

/** The labels of rollouts are moved by rollouts alone. */
export class LabelReserved extends FlyballError {
  readonly code = "LABEL_RESERVED";
  override readonly status = 409;
  constructor(label: string) {
    super(`The label ${label} is moved by rollouts; start one, promote it or roll it back.`);
  }
}

/** The rules of the label name others than this actor. */
export class LabelForbidden extends FlyballError {
  readonly code = "LABEL_FORBIDDEN";
  override readonly status = 403;
  constructor(label: string, actor: string, allowed: readonly string[]) {
    super(`${actor} may not move the label ${label}; ${allowed.join(", ")} may.`);
  }
}

/** The label asks for approvals that this version does not have yet. */
export class ApprovalsMissing extends FlyballError {
  readonly code = "APPROVALS_MISSING";
  override readonly status = 409;
  override readonly exitCode = 3;
  constructor(request: { line: string; label: string; digest: string; needed: number; given: number }) {
    const { line, label, digest, needed, given } = request;
    super(
      `${label} of ${line} asks for ${needed} ${needed === 1 ? "approval" : "approvals"}; ` +
        `version ${digest.slice(0, 12)} has ${given}.`,
    );
  }
}

/** With the change, a workflow could not run. Nothing has changed. */
export class ReleaseUnfit extends FlyballError {
  readonly code = "RELEASE_UNFIT";
  override readonly status = 422;
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("; "));
    this.problems = problems;
  }
}

export class RolloutNotFound extends FlyballError {
  readonly code = "ROLLOUT_NOT_FOUND";
  override readonly status = 404;
  constructor(id: string) {
    super(`There is no rollout ${id}.`);
  }
}

/** A rollout decides what the runs get that start now; there is one for an asset at a time. */
export class RolloutRunning extends FlyballError {
  readonly code = "ROLLOUT_RUNNING";
  override readonly status = 409;
  override readonly exitCode = 3;
  constructor(line: string, rollout: string) {
    super(`Rollout ${rollout} of ${line} is running; promote it or roll it back first.`);
  }
}

export class RolloutEnded extends FlyballError {
  readonly code = "ROLLOUT_ENDED";
  override readonly status = 409;
  constructor(id: string, status: string) {
    super(`Rollout ${id} has ended: ${status}.`);
  }
}

/** A rollout that cannot be started as it was asked for. */
export class RolloutInvalid extends FlyballError {
  readonly code = "ROLLOUT_INVALID";
  override readonly status = 422;
}
