/**
 * Every expected failure is a class with a stable code, its facts as fields, and a verdict on retrying.
 * A bug is an assertion, never one of these.
 */
export abstract class FlyballError extends Error {
  /** Stable, upper snake case; documented in docs/reference/errors.md. */
  abstract readonly code: string;
  /** The HTTP status that an API answers with. */
  readonly status: number = 500;
  /** Which retry class it belongs to, or null when trying again cannot help. */
  readonly retry: RetryClass | null = null;
  /** For the whole command: 2 bad input, 3 not possible now. */
  readonly exitCode: 2 | 3 = 2;
  /** Earliest moment worth trying again, in milliseconds from now. */
  readonly retryAfterMs: number | null = null;
  /** Dollars that were spent although it failed; said by whoever knows. */
  costUsd = 0;

  override get name(): string {
    return this.constructor.name;
  }
}

/** The words of `retry: { on: [...] }`. */
export const retryClasses = ["rate_limit", "server", "network", "timeout"] as const;
export type RetryClass = (typeof retryClasses)[number];

/** What the journal keeps of an error: never a stack, never a secret. */
export type ErrorRecord = {
  readonly code: string;
  readonly message: string;
  readonly retry?: RetryClass;
  /** Dollars that the failed attempt has cost; absent when nothing. */
  readonly costUsd?: number;
};

export class InvalidJson extends FlyballError {
  readonly code = "INVALID_JSON";
  override readonly status = 400;
  readonly path: string;
  constructor(path: string, reason: string) {
    super(`${path} cannot be recorded: ${reason}.`);
    this.path = path;
  }
}

export class InvalidText extends FlyballError {
  readonly code = "INVALID_TEXT";
  override readonly status = 400;
  readonly expected: string;
  constructor(text: string, expected: string) {
    super(`${JSON.stringify(text)} is not ${expected}.`);
    this.expected = expected;
  }
}

/** An impossible state: our own mistake. Ends the work at hand, loudly. */
export class AssertionFailed extends Error {
  override readonly name = "AssertionFailed";
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}

/** The message of anything thrown; a library may throw what is no Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function errorRecord(error: unknown): ErrorRecord {
  if (error instanceof FlyballError)
    return {
      code: error.code,
      message: error.message,
      ...(error.retry ? { retry: error.retry } : {}),
      ...(error.costUsd > 0 ? { costUsd: error.costUsd } : {}),
    };
  return { code: "UNEXPECTED", message: messageOf(error) };
}
