import { FlyballError, type RetryClass } from "../../core/base/index.ts";
import type { ModelReply, Tokens } from "./model.ts";

/** What a call has cost that gave no answer to use. */
export type Spent = Pick<ModelReply, "costUsd" | "tokens" | "facts">;

/** A call to a model that gave no answer: which model, and whether the same call may yet succeed. */
export abstract class ModelError extends FlyballError {
  override readonly status: number = 502;
  /** As people write it: `house/small-1`. */
  readonly model: string;
  /** What the failed request read and wrote, where the provider says: it is billed all the same. */
  tokens: Tokens | null = null;
  constructor(model: string, message: string) {
    super(`${model}: ${message}`);
    this.model = model;
  }
}

/** The provider asks for patience (429). */
export class ModelRateLimited extends ModelError {
  readonly code = "MODEL_RATE_LIMITED";
  override readonly status = 503;
  override readonly retry = "rate_limit";
  override readonly retryAfterMs: number | null;
  constructor(model: string, retryAfterMs: number | null, said: string) {
    super(model, `the provider limits the rate of calls${said}`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The provider failed (5xx), or answered with what is no answer. */
export class ModelServerFailed extends ModelError {
  readonly code = "MODEL_SERVER_FAILED";
  override readonly retry = "server";
  override readonly retryAfterMs: number | null;
  readonly providerStatus: number;
  constructor(
    model: string,
    { status, retryAfterMs, said }: { status: number; retryAfterMs: number | null; said: string },
  ) {
    super(model, `the provider failed with status ${status}${said}`);
    this.providerStatus = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Status 200, and no whole answer: not JSON, another shape, no choices, too large, a stream without its end. */
export class ModelAnswerMalformed extends ModelError {
  readonly code = "MODEL_ANSWER_MALFORMED";
  override readonly retry = "server";
  constructor(model: string, reason: string) {
    super(model, `the provider's answer cannot be read: ${reason}`);
  }
}

/** No connection, or one that broke off. */
export class ModelUnreachable extends ModelError {
  readonly code = "MODEL_UNREACHABLE";
  override readonly status = 503;
  override readonly retry = "network";
  /** A code such as ECONNREFUSED, or words. */
  readonly reason: string;
  constructor(model: string, reason: string) {
    super(model, `the provider cannot be reached: ${reason}`);
    this.reason = reason;
  }
}

export class ModelTimeout extends ModelError {
  readonly code = "MODEL_TIMEOUT";
  override readonly status = 504;
  override readonly retry = "timeout";
  readonly timeoutMs: number | null;
  constructor(model: string, timeoutMs: number | null) {
    super(model, timeoutMs === null ? "the call took too long" : `no answer within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** The model has failed so often of late that it is left alone for a while. */
export class ModelCircuitOpen extends ModelError {
  readonly code = "MODEL_CIRCUIT_OPEN";
  override readonly status = 503;
  override readonly retry = "server";
  override readonly retryAfterMs: number;
  constructor(model: string, retryAfterMs: number) {
    super(model, `it has failed so often of late that it is left alone for ${retryAfterMs} ms`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The route allows other regions only. */
export class ModelRegionRefused extends ModelError {
  readonly code = "MODEL_REGION_REFUSED";
  override readonly status = 403;
  readonly region: string | null;
  constructor(model: string, region: string | null, allowed: readonly string[]) {
    super(
      model,
      `the route allows ${allowed.join(", ")} alone, and its region is ${region ?? "not declared"}`,
    );
    this.region = region;
  }
}

/** The step was cancelled, or the engine stops, while the call was under way. */
export class ModelCallAborted extends ModelError {
  readonly code = "MODEL_CALL_ABORTED";
  override readonly status = 503;
  override readonly exitCode = 3;
  constructor(model: string) {
    super(model, "the call was cancelled");
  }
}

/** The provider does not accept this request (4xx); the same request would be refused again. */
export class ModelRequestRefused extends ModelError {
  readonly code = "MODEL_REQUEST_REFUSED";
  readonly providerStatus: number;
  constructor(model: string, status: number, said: string) {
    super(model, `the provider refused the request with status ${status}${said}`);
    this.providerStatus = status;
  }
}

export class ModelAuthFailed extends ModelError {
  readonly code = "MODEL_AUTH_FAILED";
  override readonly exitCode = 3;
  readonly providerStatus: number;
  constructor(model: string, status: number, said: string) {
    super(model, `the provider does not accept the key (status ${status})${said}`);
    this.providerStatus = status;
  }
}

export class ModelNotFound extends ModelError {
  readonly code = "MODEL_NOT_FOUND";
  constructor(model: string, said: string) {
    super(model, `the provider knows no such model, or no such URL${said}`);
  }
}

/** The account has no money or quota left: a 429 that waiting does not end. */
export class ModelQuotaSpent extends ModelError {
  readonly code = "MODEL_QUOTA_SPENT";
  override readonly status = 402;
  override readonly exitCode = 3;
  constructor(model: string, said: string) {
    super(model, `the provider's quota is spent${said}`);
  }
}

/** The answer ended before its end: it would be wrong to use it as if it were whole. */
export class ModelAnswerCut extends ModelError {
  readonly code = "MODEL_ANSWER_CUT";
  readonly reason: "length" | "content_filter";
  /** What there is of it, for callers who know what they asked for. */
  readonly said: { readonly text: string; readonly tokens: Tokens | null };
  constructor(model: string, reason: "length" | "content_filter", said: ModelAnswerCut["said"]) {
    super(
      model,
      reason === "length"
        ? "the answer was cut because it reached its limit of tokens (settings.max_tokens)"
        : "the provider's content filter held the answer back",
    );
    this.reason = reason;
    this.said = said;
  }
}

/** The answer does not fit the output schema, also after it was asked for once more. */
export class ModelOutputInvalid extends ModelError {
  readonly code = "MODEL_OUTPUT_INVALID";
  readonly problems: readonly string[];
  /** What the answers that did not fit have cost all the same. */
  readonly spent: Spent | null;
  constructor(model: string, problems: readonly string[], spent: Spent | null = null) {
    super(model, `the answer does not fit the output schema: ${problems.slice(0, 5).join("; ")}`);
    this.problems = problems;
    this.spent = spent;
  }
}

/** A model has nothing to read: no prompt, no `input.text`, or a part of a message that leads nowhere. */
export class ModelInputMissing extends ModelError {
  readonly code = "MODEL_INPUT_MISSING";
  override readonly status = 422;
  constructor(model: string, expected: string) {
    super(model, `it needs ${expected}`);
  }
}

/** What the call asks for, this model does not do, whoever asks: vectors, images, a message of this kind. */
export class ModelLacksAbility extends ModelError {
  readonly code = "MODEL_LACKS_ABILITY";
  override readonly status = 422;
}

/** A local model's file is not the one that the run pinned. */
export class ModelFileChanged extends ModelError {
  readonly code = "MODEL_FILE_CHANGED";
  override readonly status = 409;
  override readonly exitCode = 3;
  readonly file: string;
  constructor(model: string, file: string, reason: string) {
    super(model, `the model file ${file} is not the one that this run was pinned to: ${reason}`);
    this.file = file;
  }
}

/** Replays and dry runs reach no provider. */
export class ModelCallDenied extends ModelError {
  readonly code = "MODEL_CALL_DENIED";
  override readonly status = 403;
  constructor(model: string, effects: string) {
    super(model, `this run may not call out (effects: ${effects})`);
  }
}

/** A simulated model's declared failure. */
export class SimulatedFailure extends ModelError {
  readonly code = "SIMULATED_FAILURE";
  override readonly retry = "server";
  constructor(model: string) {
    super(model, "a simulated failure, at the declared error_rate");
  }
}

/** A provider's key names a secret that is not set, or that cannot stand in a header. */
export class ModelSecretUnusable extends ModelError {
  readonly code = "MODEL_SECRET_UNUSABLE";
  override readonly exitCode = 3;
  readonly secret: string;
  constructor(model: string, secret: string, reason: string) {
    super(model, `the secret ${secret} ${reason}`);
    this.secret = secret;
  }
}

/** Every candidate of a route failed. Worth another try when one of the failures is. */
export class NoModelAnswered extends FlyballError {
  readonly code = "NO_MODEL_ANSWERED";
  override readonly status = 502;
  override readonly retry: RetryClass | null;
  override readonly retryAfterMs: number | null;
  readonly failures: readonly FlyballError[];
  constructor(route: string, failures: readonly FlyballError[]) {
    super(
      `No model of route ${JSON.stringify(route)} answered. ${failures.map((failure) => failure.message).join(" ")}`,
    );
    this.failures = failures;
    const passing = failures.filter((failure) => failure.retry !== null);
    this.retry = passing[0]?.retry ?? null;
    const waits = passing.map((failure) => failure.retryAfterMs ?? 0);
    // The first candidate that may answer again decides; zero means that nobody asked for patience.
    this.retryAfterMs = waits.length > 0 && Math.min(...waits) > 0 ? Math.min(...waits) : null;
  }
}

/** A route had no answer of this question to fall back on. */
export class NoCachedAnswer extends FlyballError {
  readonly code = "NO_CACHED_ANSWER";
  override readonly status = 502;
  constructor(route: string) {
    super(`Route ${JSON.stringify(route)} has no answer to this question that is recent enough.`);
  }
}

/** What reached the step is not what `inference` can work with. */
export class InferenceInputInvalid extends FlyballError {
  readonly code = "INFERENCE_INPUT_INVALID";
  override readonly status = 422;
  constructor(member: string, expected: string) {
    super(`inference: ${member} must be ${expected}.`);
  }
}
