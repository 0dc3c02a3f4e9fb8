import type { Context } from "hono";
import {
  canonicalJson,
  derivedId,
  FlyballError,
  type Json,
  type JsonObject,
  sha256,
  toJson,
} from "../core/base/index.ts";
import type { Journal } from "../core/journal/index.ts";
import { keyCharactersMax } from "./limits.ts";
import { RequestInvalid } from "./problem.ts";
import { Turns } from "./turns.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** What `serve` answers keyed requests with. */
    requests: KeyedRequests;
    /** The validator of all that is read from the journal and its tables. */
    journalTag: () => string;
  }
}

/** An `Idempotency-Key` that cannot stand for this request. */
export class IdempotencyKeyReused extends FlyballError {
  readonly code = "IDEMPOTENCY_KEY_REUSED";
  override readonly status = 422;
  constructor(reason: string) {
    super(`This Idempotency-Key cannot be used: ${reason}. Use a new key for each request.`);
  }
}

/** The `Idempotency-Key` of a request, if it has one. */
export function keyOf(context: Context): string | undefined {
  const key = context.req.header("idempotency-key") || undefined;
  if (key !== undefined && key.length > keyCharactersMax)
    throw new RequestInvalid([`Idempotency-Key: at most ${keyCharactersMax} characters`]);
  return key;
}

/** Throws when a key was used before for what is something else. */
export function refuseOther(before: Json, now: Json): void {
  if (canonicalJson(before) !== canonicalJson(now))
    throw new IdempotencyKeyReused("it was sent with another request");
}

export interface KeyedRequest {
  readonly key: string;
  readonly operation: string;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Whether its answer is recorded, or made again of how things are then. */
  readonly isRecorded: boolean;
}

/**
 * Writes that came with an `Idempotency-Key`.
 *
 * - K1. Once a request was answered, its key gives the same answer, after a restart too; with another body
 *   it is refused. Who comes while the first is under way waits for it.
 * - K2. A failure is no answer: the same key tries again.
 * - K3. An answer that tells of a run is made again rather than recorded, so that nothing is kept here that
 *   retention takes elsewhere. Of a body there is a digest, which nobody can check a guess against who has
 *   not the key.
 * - K4. After a crash between an act and the record of its answer, the same key acts once more: what must
 *   not be there twice is known by an id that follows from the key.
 */
export class KeyedRequests {
  readonly #journal: Pick<Journal, "append" | "read">;
  readonly #turns = new Turns();

  constructor(journal: Pick<Journal, "append" | "read">) {
    this.#journal = journal;
  }

  answer<Answer>(
    request: KeyedRequest,
    act: (isRepeated: boolean) => Promise<Answer>,
  ): Promise<Answer | Json> {
    const { operation, params, key } = request;
    const id = derivedId("request", operation, canonicalJson(params), key);
    const stream = `request/${params.id ?? operation}/${id}`;
    return this.#turns.take(stream, () => this.#answerOnce(stream, request, act));
  }

  async #answerOnce<Answer>(
    stream: string,
    { key, operation, body, isRecorded }: KeyedRequest,
    act: (isRepeated: boolean) => Promise<Answer>,
  ): Promise<Answer | Json> {
    const digest = sha256(`${key}\n${canonicalJson(toJson(body ?? null))}`);
    const before = (await this.#journal.read(stream)).at(-1)?.data;
    if (before) {
      refuseOther(before.digest ?? null, digest);
      return before.answer ?? act(true);
    }
    const answer = await act(false);
    const data: JsonObject = { operation, digest, ...(isRecorded ? { answer: toJson(answer) } : {}) };
    const events = [{ type: "request.answered", data }];
    await this.#journal.append([{ stream, expectedSeq: null, actor: "local", events }]);
    return answer;
  }
}
