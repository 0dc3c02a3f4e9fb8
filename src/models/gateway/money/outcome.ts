import { FlyballError } from "../../../core/base/index.ts";
import { SwitchedOff } from "../../../core/executor/index.ts";
import {
  ModelAuthFailed,
  ModelCallDenied,
  ModelError,
  ModelFileChanged,
  ModelInputMissing,
  ModelNotFound,
  ModelQuotaSpent,
  ModelRateLimited,
  ModelRequestRefused,
  ModelSecretUnusable,
  ModelServerFailed,
  ModelUnreachable,
  SimulatedFailure,
} from "../errors.ts";
import type { Tokens } from "../model.ts";

/** What a request came to, as far as money goes. */
export type Outcome =
  /** It was done; null is what the provider did not say. */
  | { readonly type: "done"; readonly usd: number | null; readonly tokens: Tokens | null }
  /** Nothing was done, so nothing was billed. */
  | { readonly type: "free" }
  /** It may have been billed: nobody knows. */
  | { readonly type: "unknown" };

/** Refused before any work: no provider bills these. */
const refusals = [
  ModelRateLimited,
  ModelRequestRefused,
  ModelAuthFailed,
  ModelNotFound,
  ModelQuotaSpent,
  ModelSecretUnusable,
  ModelCallDenied,
  ModelInputMissing,
  ModelFileChanged,
  SimulatedFailure,
  SwitchedOff,
] as const;

/** Statuses of a server between us and the model, which may have answered all the same. */
const lostBetween = new Set([502, 504]);

/** A connection that never came about, as against one that broke off. */
const neverConnected =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_.*|DEPTH_ZERO_.*|ERR_(TLS|SSL)_.*)$/;

export function outcomeOfFailure(error: unknown): Outcome {
  if (error instanceof ModelError && error.tokens) return { type: "done", usd: null, tokens: error.tokens };
  if (!(error instanceof FlyballError)) return { type: "unknown" };
  const isFree =
    refusals.some((refusal) => error instanceof refusal) ||
    (error instanceof ModelServerFailed && !lostBetween.has(error.providerStatus)) ||
    (error instanceof ModelUnreachable && neverConnected.test(error.reason));
  return { type: isFree ? "free" : "unknown" };
}
