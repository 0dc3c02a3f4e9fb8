import { FlyballError, messageOf } from "../../../core/base/index.ts";
import { abortReason } from "../deadline.ts";
import {
  ModelAnswerMalformed,
  ModelAuthFailed,
  ModelLacksAbility,
  ModelNotFound,
  ModelQuotaSpent,
  ModelRateLimited,
  ModelRequestRefused,
  ModelServerFailed,
  ModelTimeout,
  ModelUnreachable,
} from "../errors.ts";
import { providerMessageMax, retryAfterMsMax } from "../limits.ts";

export interface CallFacts {
  readonly model: string;
  /** The key of this call, which must not get into a message: some servers repeat it in theirs. */
  readonly secret: string | undefined;
  readonly signal: AbortSignal;
  readonly nowMs: number;
}

/** Whatever the provider's library threw, as an error of ours with a verdict on trying again. */
export function providerError(error: unknown, facts: CallFacts): FlyballError {
  if (facts.signal.aborted) return abortReason(facts.signal, facts.model);
  const own = causes(error).find((cause) => cause instanceof FlyballError);
  if (own instanceof FlyballError) return own;
  const network = networkReason(error);
  if (network !== undefined) return new ModelUnreachable(facts.model, network);
  if (error instanceof Error && refusals.includes(error.name))
    return new ModelLacksAbility(facts.model, clean(error.message, facts));
  const told = toldBy(error);
  if (told && told.status !== 200) return statusError(told, facts);
  return malformed(malformedReason(error, told), facts);
}

/** An answer that is none, for a reason that may be in the provider's own words. */
export function malformed(reason: string, facts: CallFacts): ModelAnswerMalformed {
  return new ModelAnswerMalformed(facts.model, clean(reason, facts));
}

/** What the provider's package does not even send. */
const refusals = ["AI_UnsupportedFunctionalityError", "AI_InvalidPromptError", "AI_InvalidArgumentError"];

/** What a provider says of a failure: as an answer of its own, or in the middle of a stream. */
interface Told {
  readonly status: number;
  readonly message: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function toldBy(error: unknown): Told | undefined {
  const { statusCode: status, message, responseBody, responseHeaders, data } = Object(error);
  if (typeof status !== "number") return undefined;
  const body = typeof responseBody === "string" ? responseBody : JSON.stringify(data ?? null);
  return { status, message: String(message), body, headers: responseHeaders ?? {} };
}

/** An account without money, in the words of OpenAI (429) and Anthropic (400). */
const spent =
  /insufficient_quota|billing_hard_limit|billing_not_active|spend_limit_reached|credit balance is too low/i;

/** By status, as OpenAI uses them, and the others with few words of their own. */
export function statusError(told: Told, facts: CallFacts): FlyballError {
  const { model } = facts;
  const { status, body } = told;
  const said = saidBy(told, facts);
  const retryAfterMs = retryAfterOf(told, facts.nowMs);
  if (status === 402 || (status < 500 && spent.test(body))) return new ModelQuotaSpent(model, said);
  if (status === 429) return new ModelRateLimited(model, retryAfterMs, said);
  // Google tells a wrong key with status 400.
  if (status === 401 || status === 403 || /API_KEY_INVALID/.test(body))
    return new ModelAuthFailed(model, status, said);
  if (status === 404) return new ModelNotFound(model, said);
  if (status === 408) return new ModelTimeout(model, null);
  if (status >= 500 || status === 409 || status === 425)
    return new ModelServerFailed(model, { status, retryAfterMs, said });
  return new ModelRequestRefused(model, status, said);
}

function saidBy(told: Told, facts: CallFacts): string {
  const message = clean(told.message, facts);
  return message === "" ? "" : `: ${message}`;
}

function malformedReason(error: unknown, told: Told | undefined): string {
  const [, inner] = causes(error);
  const isParse = causes(error).some((cause) => cause instanceof Error && cause.name === "AI_JSONParseError");
  if (isParse) return "it is not JSON";
  const said = told && errorInBody(told.body);
  if (said !== undefined) return `it is an error with status 200: ${said}`;
  if (inner instanceof Error && inner.name === "AI_TypeValidationError") return "it is not a chat completion";
  const { message } = Object(error);
  return typeof message === "string" ? message : messageOf(error);
}

/** Some servers answer 200 and put the error into the body. */
export function errorInBody(body: string): string | undefined {
  try {
    const { error } = Object(JSON.parse(body));
    const message = typeof error === "object" && error !== null ? error.message : error;
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

/** A provider's own words: short, on one line, without the key. */
function clean(text: string, facts: CallFacts): string {
  const withoutKey = facts.secret === undefined ? text : text.replaceAll(facts.secret, "[secret]");
  const line = withoutKey.replace(/\s+/g, " ").trim();
  return line.length > providerMessageMax ? `${line.slice(0, providerMessageMax)}…` : line;
}

const networkCodes = /^(E[A-Z]{3,}|UND_ERR_[A-Z_]+|CERT_.*|DEPTH_ZERO_.*|ERR_(TLS|SSL)_.*)$/;

/** What broke the connection, as a code such as ECONNREFUSED; undefined when none did. */
function networkReason(error: unknown): string | undefined {
  const chain = causes(error);
  for (const cause of chain)
    if (
      cause instanceof Error &&
      "code" in cause &&
      typeof cause.code === "string" &&
      networkCodes.test(cause.code)
    )
      return cause.code;
  if (chain.some((cause) => cause instanceof TypeError && cause.message === "terminated"))
    return "the connection broke off";
  return chain.some((cause) => cause instanceof TypeError && cause.message === "fetch failed")
    ? "the connection failed"
    : undefined;
}

function causes(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let cause: unknown = error; cause !== undefined && cause !== null && chain.length < 10; ) {
    chain.push(cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return chain;
}

/**
 * Milliseconds of `Retry-After` (seconds or an HTTP date), of OpenAI's finer `retry-after-ms`, or of the
 * `retryDelay` that Google writes into the body.
 */
function retryAfterOf({ headers, body }: Told, nowMs: number): number | null {
  const fine = Number(headers["retry-after-ms"] || Number.NaN);
  if (fine >= 0) return Math.min(fine, retryAfterMsMax);
  const [, inBody] = /"retryDelay":\s*"(\d+(?:\.\d+)?)s"/.exec(body) ?? [];
  const written = headers["retry-after"]?.trim() || inBody;
  if (!written) return null;
  const delayMs = /^\d+(\.\d+)?$/.test(written) ? Number(written) * 1_000 : Date.parse(written) - nowMs;
  return Number.isFinite(delayMs) ? Math.min(Math.max(0, Math.round(delayMs)), retryAfterMsMax) : null;
}
