import { FlyballError, type RetryClass } from "../../core/base/index.ts";

/** An outgoing call to where none may go. */
export class AddressRefused extends FlyballError {
  readonly code = "ADDRESS_REFUSED";
  override readonly status = 403;
  readonly target: string;
  constructor(target: string, reason: string) {
    super(`A call to ${target} is refused: ${reason}`);
    this.target = target;
  }
}

/** A redirect that would repeat a write elsewhere, leads nowhere, or goes in circles. */
export class RedirectRefused extends FlyballError {
  readonly code = "REDIRECT_REFUSED";
  override readonly status = 502;
  readonly url: string;
  constructor(url: string, reason: string) {
    super(`The redirect from ${url} is not followed: ${reason}`);
    this.url = url;
  }
}

/** What a tool was given, or makes of it, is no request. */
export class ToolRequestInvalid extends FlyballError {
  readonly code = "TOOL_REQUEST_INVALID";
  override readonly status = 422;
  readonly field: string;
  constructor(field: string, reason: string) {
    super(`${field}: ${reason}`);
    this.field = field;
  }
}

/** The server answered with an error. Its own status is `httpStatus`. */
export class ToolFailed extends FlyballError {
  readonly code = "TOOL_FAILED";
  override readonly status = 502;
  override readonly retry: RetryClass | null;
  override readonly retryAfterMs: number | null;
  readonly httpStatus: number;
  constructor(facts: {
    call: string;
    httpStatus: number;
    quote: string;
    retry: RetryClass | null;
    retryAfterMs: number | null;
  }) {
    super(`${facts.call} answered ${facts.httpStatus}${facts.quote ? `: ${facts.quote}` : "."}`);
    this.httpStatus = facts.httpStatus;
    this.retry = facts.retry;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** No answer: the connection could not be made, or broke. */
export class ToolUnreachable extends FlyballError {
  readonly code = "TOOL_UNREACHABLE";
  override readonly status = 502;
  override readonly retry: RetryClass | null;
  constructor(call: string, reason: string, retry: RetryClass | null) {
    super(`${call} got no answer: ${reason}`);
    this.retry = retry;
  }
}

export class ToolTimeout extends FlyballError {
  readonly code = "TOOL_TIMEOUT";
  override readonly status = 504;
  override readonly retry = "timeout";
  readonly timeoutMs: number;
  constructor(call: string, timeoutMs: number) {
    super(`${call} did not answer within ${timeoutMs} ms.`);
    this.timeoutMs = timeoutMs;
  }
}

/** An answer that cannot be used: too long, or not what it says it is. */
export class ToolResponseInvalid extends FlyballError {
  readonly code = "TOOL_RESPONSE_INVALID";
  override readonly status = 502;
  constructor(call: string, reason: string) {
    super(`The answer of ${call} cannot be used: ${reason}`);
  }
}

/** The step was told to stop: its timeout, a cancel, or the end of the process. */
export class StepStopped extends FlyballError {
  readonly code = "STEP_STOPPED";
  constructor(what: string) {
    super(`${what} was stopped.`);
  }
}

/** The error of an aborted signal: its reason where that is one of ours. */
export function stopped(reason: unknown, what: string): FlyballError {
  return reason instanceof FlyballError ? reason : new StepStopped(what);
}

export class SecretMissing extends FlyballError {
  readonly code = "SECRET_MISSING";
  override readonly status = 422;
  readonly secret: string;
  constructor(secret: string) {
    super(`There is no secret "${secret}".`);
    this.secret = secret;
  }
}

/** A script threw, ended with an error, or gave what is no result. */
export class ScriptFailed extends FlyballError {
  readonly code = "SCRIPT_FAILED";
  override readonly status = 422;
  constructor(script: string, reason: string) {
    super(`${script} failed: ${reason}`);
  }
}

export class ScriptTimeout extends FlyballError {
  readonly code = "SCRIPT_TIMEOUT";
  override readonly status = 504;
  override readonly retry = "timeout";
  readonly timeoutMs: number;
  constructor(script: string, timeoutMs: number) {
    super(`${script} did not end within ${timeoutMs} ms.`);
    this.timeoutMs = timeoutMs;
  }
}

/** A script wanted more memory, stack or output than it may have. */
export class ScriptLimitExceeded extends FlyballError {
  readonly code = "SCRIPT_LIMIT_EXCEEDED";
  override readonly status = 422;
  readonly limit: string;
  constructor(script: string, limit: string) {
    super(`${script} went over its limit: ${limit}.`);
    this.limit = limit;
  }
}

/** A script file, with all that it started, held more memory than it may. */
export class ScriptMemoryExceeded extends FlyballError {
  readonly code = "SCRIPT_MEMORY_EXCEEDED";
  override readonly status = 422;
  readonly memoryMbMax: number;
  constructor(script: string, memoryMbMax: number) {
    super(`${script} was ended: it took more than ${memoryMbMax} MB of memory (memory_mb).`);
    this.memoryMbMax = memoryMbMax;
  }
}
