import { FlyballError, type Json, messageOf } from "../../core/base/index.ts";
import {
  ModelAuthFailed,
  ModelError,
  ModelNotFound,
  ModelRateLimited,
  ModelRequestRefused,
  NoModelAnswered,
} from "../../models/gateway/index.ts";
import { ParameterInvalid } from "./parameter.ts";

/** The model that a call names is not served here. */
export class CallModelUnknown extends FlyballError {
  readonly code = "CALL_MODEL_UNKNOWN";
  override readonly status = 404;
  constructor(name: string, hint: string | undefined) {
    super(
      `The model ${JSON.stringify(name)} does not exist here.${hint ? ` Did you mean ${JSON.stringify(hint)}?` : ""}` +
        " GET /openai/v1/models lists what there is.",
    );
  }
}

/** A run that is one call through `/openai/v1`. */
export class CallNotRestartable extends FlyballError {
  readonly code = "CALL_NOT_RESTARTABLE";
  override readonly status = 409;
  constructor(run: string) {
    super(`Run ${run} is one call to a model, asked and answered at once; make the request again instead.`);
  }
}

export interface OpenaiError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: { readonly [key: string]: Json } };
}

/** An error as OpenAI's clients know it: the status chooses their class, `code` is ours and stable. */
export function openaiError(error: unknown): OpenaiError {
  const status = statusOf(error);
  const code = codeOf(error);
  const param = error instanceof ParameterInvalid ? error.param : null;
  return {
    status,
    headers: headersOf(error, status),
    body: { error: { message: messageOf(error), type: typeOf(status), param, code } },
  };
}

function statusOf(error: unknown): number {
  // What the provider says of a request is meant for whoever made it; trying again would not help.
  if (error instanceof ModelRateLimited) return 429;
  if (error instanceof ModelAuthFailed) return 401;
  if (error instanceof ModelNotFound) return 404;
  if (error instanceof ModelRequestRefused) return error.providerStatus < 500 ? 400 : 502;
  if (error instanceof NoModelAnswered) return statusOfAll(error);
  return error instanceof FlyballError ? error.status : 500;
}

/** What all failures have in common; otherwise no model gave an answer, for different reasons. */
function statusOfAll({ failures, status }: NoModelAnswered): number {
  const statuses = new Set(failures.map(statusOf));
  const [only = status] = statuses;
  return statuses.size === 1 ? only : status;
}

function codeOf(error: unknown): string {
  if (error instanceof CallModelUnknown) return "model_not_found";
  if (error instanceof ModelRateLimited) return "rate_limit_exceeded";
  return error instanceof FlyballError ? error.code.toLowerCase() : "unexpected";
}

function typeOf(status: number): string {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "insufficient_quota";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

/** Clients try again by status alone; where that cannot help, they are told not to. */
function headersOf(error: unknown, status: number): Record<string, string> {
  if (!(error instanceof FlyballError)) return {};
  const { retryAfterMs, retry } = error;
  const isFinal =
    status >= 500 && retry === null && (error instanceof ModelError || error instanceof NoModelAnswered);
  return {
    ...(retryAfterMs === null
      ? {}
      : {
          "retry-after": String(Math.ceil(retryAfterMs / 1_000)),
          "retry-after-ms": String(Math.ceil(retryAfterMs)),
        }),
    ...(isFinal ? { "x-should-retry": "false" } : {}),
  };
}
