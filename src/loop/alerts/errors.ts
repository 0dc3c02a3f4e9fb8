import { FlyballError } from "../../core/base/index.ts";

/** Nobody is told of alerts here. */
export class NoReceivers extends FlyballError {
  readonly code = "NO_RECEIVERS";
  override readonly status = 409;
  override readonly exitCode = 3;
  constructor() {
    super(
      "No server with receivers of alerts owns this data folder: name them under `alerts` in flyball.yaml, and serve it.",
    );
  }
}

export class AlertNotFound extends FlyballError {
  readonly code = "ALERT_NOT_FOUND";
  override readonly status = 404;
  constructor(id: string) {
    super(`There is no alert ${id}.`);
  }
}
