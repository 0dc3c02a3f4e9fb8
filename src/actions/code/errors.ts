import { FlyballError, type RetryClass } from "../../core/base/index.ts";
import type { Thrown } from "./protocol.ts";

/** A module of users' code cannot be imported, or its default export is not what is expected. */
export class CodeUnusable extends FlyballError {
  readonly code = "CODE_UNUSABLE";
  override readonly status = 422;
  constructor(file: string, reason: string) {
    super(`${file} cannot be used: ${reason}.`);
  }
}

/** What users' code threw in its own process: the code and the words are its own. */
export class CodeFailed extends FlyballError {
  readonly code: string;
  override readonly retry: RetryClass | null;
  override readonly retryAfterMs: number | null;
  constructor({ code, message, retry = undefined, retryAfterMs = undefined }: Thrown) {
    super(message);
    this.code = code;
    this.retry = retry ?? null;
    this.retryAfterMs = retryAfterMs ?? null;
  }
}

/** What an own kind answered is no result of its kind. */
export class KindResultInvalid extends FlyballError {
  readonly code = "KIND_RESULT_INVALID";
  constructor(path: string, reason: string) {
    super(`The result of step ${path} cannot be used: ${reason}.`);
  }
}

/** Users' code runs in a process of its own, and some things stay in the engine's. */
export class NotInHost extends FlyballError {
  readonly code = "NOT_IN_HOST";
  constructor(what: string) {
    super(`A piece of a flow's own code cannot use context.${what}; name what it needs in a ctx.call.`);
  }
}
