import { type Clock, type Json, type JsonObject, nextTurn } from "../../core/base/index.ts";
import type { ModelDelta } from "../../models/gateway/index.ts";
import type { Listener } from "./calls.ts";
import { openaiError } from "./errors.ts";
import { heartbeatMs } from "./limits.ts";
import type { Outlet } from "./outlet.ts";
import {
  type Answered,
  answerHeaders,
  completionHead,
  contentOf,
  fingerprintOf,
  finishReasonOf,
  modelOf,
  toolCallsOf,
  usageOf,
} from "./present.ts";

interface StreamOptions {
  readonly clock: Clock;
  /** As the request names it: which one answers is known only at the end. */
  readonly model: string;
  readonly includesUsage: boolean;
  readonly outlet: Outlet;
}

const streamHeaders = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };

/**
 * A chat completion as server-sent events. What comes is written as it comes; what follows the last word
 * (why it ended, what it took and cost) only once the whole answer is recorded.
 */
export class ChunkStream implements Listener {
  /** Resolves when the answer begins: until then, a failure has a status of its own. */
  readonly begun: Promise<void>;
  readonly #options: StreamOptions;
  /** What every chunk begins with, as it is written. */
  #head = "";
  #runId: string | undefined;
  /** What is known when the answer begins. */
  #headers: Record<string, string> = {};
  #tellBegun = () => {};
  #hasBegun = false;
  #hasRole = false;
  /** What was said since the last turn, and is in no chunk yet. */
  #words = "";
  #pending = "";
  #isFlushing = false;
  #isWhole = false;
  #stopHeartbeat = () => {};

  constructor(options: StreamOptions) {
    this.#options = options;
    this.begun = new Promise((resolve) => {
      this.#tellBegun = resolve;
    });
    this.#beat();
  }

  opened(runId: string): void {
    const { clock, model } = this.#options;
    this.#runId = runId;
    this.#headers = { "x-flyball-run-id": runId };
    const head = completionHead({ runId, beganAt: clock.now() });
    this.#head = JSON.stringify({ ...head, object: "chat.completion.chunk", model }).slice(0, -1);
  }

  delta(delta: ModelDelta): void {
    if (!this.#hasRole) this.#chunk({ role: "assistant", content: "", refusal: null });
    this.#hasRole = true;
    if (delta.type === "text") {
      this.#words += delta.text;
      this.#flushSoon();
    } else this.#chunk({ tool_calls: [calledIn(delta)] });
  }

  /** The rest of an answer that is on disk. */
  finish(answered: Answered): void {
    const { result } = answered;
    if (this.#runId === undefined) this.opened(answered.runId);
    this.#headers = answerHeaders(answered);
    if (!this.#hasRole) this.#chunk(wholeOf(answered));
    const { usage } = usageOf(result);
    const about: JsonObject = {
      run_id: answered.runId,
      model: modelOf(result),
      cost: result.cost ?? null,
      cache: answered.cache,
    };
    this.#chunk({}, finishReasonOf(answered), {
      system_fingerprint: fingerprintOf(answered.release),
      flyball: about,
    });
    if (this.#options.includesUsage) this.#write({ choices: [], usage: usage ?? null });
    this.#done();
  }

  /** After the first words a failure can only be told within the stream. */
  fail(error: unknown): void {
    if (!this.#hasBegun) return this.#stopHeartbeat();
    this.#endWords();
    this.#send(`data: ${JSON.stringify(openaiError(error).body)}\n\n`);
    this.#done();
  }

  #chunk(delta: JsonObject, finishReason: string | null = null, more: JsonObject = {}): void {
    this.#endWords();
    const choice = { index: 0, delta, logprobs: null, finish_reason: finishReason };
    const usage = this.#options.includesUsage ? { usage: null } : {};
    this.#write({ ...more, choices: [choice], ...usage });
  }

  #endWords(): void {
    const content = this.#words;
    this.#words = "";
    if (content !== "") this.#chunk({ content });
  }

  #write(rest: JsonObject): void {
    this.#send(`data: ${this.#head},${JSON.stringify(rest).slice(1)}\n\n`);
  }

  #done(): void {
    this.#send("data: [DONE]\n\n");
    this.#isWhole = true;
    this.#stopHeartbeat();
  }

  #send(text: string): void {
    if (!this.#hasBegun) this.#begin();
    this.#pending += text;
    this.#flushSoon();
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#options.outlet.begin({ ...streamHeaders, ...this.#headers });
    this.#tellBegun();
  }

  /**
   * What comes in one turn of the event loop leaves in one piece, and its words in one chunk: providers
   * send several at once.
   */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    nextTurn().then(() => this.#flush());
  }

  #flush(): void {
    const { outlet } = this.#options;
    this.#endWords();
    if (this.#isWhole) outlet.end(this.#pending);
    else outlet.write(this.#pending);
    this.#pending = "";
    this.#isFlushing = false;
  }

  #beat(): void {
    this.#stopHeartbeat = this.#options.clock.after(heartbeatMs, () => {
      this.#send(": the model is at work\n\n");
      this.#beat();
    });
  }
}

function calledIn({ index, id, name, arguments: written }: Extract<ModelDelta, { type: "tool_call" }>): Json {
  const called = { ...(name === undefined ? {} : { name }), arguments: written };
  return { index, ...(id === undefined ? {} : { id, type: "function" }), function: called };
}

/** An answer that came in one piece, such as one from the cache. */
function wholeOf({ result }: Answered): JsonObject {
  const calls = toolCallsOf(result).map((call, index): Json => ({ index, ...call }));
  return {
    role: "assistant",
    content: contentOf(result),
    refusal: null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}
