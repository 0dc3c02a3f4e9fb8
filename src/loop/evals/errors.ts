import { FlyballError } from "../../core/base/index.ts";

/** A run that cannot be walked again from its record. */
export class NotReplayable extends FlyballError {
  readonly code = "NOT_REPLAYABLE";
  override readonly status = 409;
  override readonly exitCode = 3;
  readonly reason: string;
  constructor(run: string, reason: string) {
    super(`Run ${run} cannot be replayed: ${reason}.`);
    this.reason = reason;
  }
}

/** A replay came to something outside that was not allowed by name. */
export class EffectBlocked extends FlyballError {
  readonly code = "EFFECT_BLOCKED";
  override readonly status = 409;
  readonly effect: string;
  constructor(effect: string) {
    super(
      `The replay may not touch ${effect}. Allow it by name (--allow ${effect}), or simulate what writes (--simulate).`,
    );
    this.effect = effect;
  }
}

/** A scorer that there is not, or that lacks the schema or judge that it needs. */
export class ScorerUnknown extends FlyballError {
  readonly code = "SCORER_UNKNOWN";
  override readonly status = 400;
  constructor(written: string, expected: readonly string[]) {
    super(`There is no scorer ${JSON.stringify(written)}; expected ${expected.join(", ")}.`);
  }
}

/** A condition of `--gate` that cannot be read, or is about a figure that there is not. */
export class GateInvalid extends FlyballError {
  readonly code = "GATE_INVALID";
  override readonly status = 400;
  constructor(gate: string, expected: string) {
    super(`${JSON.stringify(gate)} is no gate: expected ${expected}.`);
  }
}

/** A dataset without a row that can be scored. */
export class DatasetEmpty extends FlyballError {
  readonly code = "DATASET_EMPTY";
  override readonly status = 422;
  constructor(name: string, reason: string) {
    super(`${name} has no rows: ${reason}.`);
  }
}
