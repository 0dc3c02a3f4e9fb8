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
