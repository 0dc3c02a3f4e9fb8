import { FlyballError } from "../../../core/base/index.ts";
import type { ModelReply } from "../model.ts";
import { roundedUsd } from "../price.ts";

/** What one step has spent, over all requests that were made for it. */
export class Bill {
  #usd = 0;

  add(usd: number): void {
    this.#usd = roundedUsd(this.#usd + usd);
  }

  /** The answer with the cost of all requests on the way to it; unknown stays unknown. */
  complete(reply: ModelReply): ModelReply {
    return reply.costUsd === null ? reply : { ...reply, costUsd: Math.max(reply.costUsd, this.#usd) };
  }

  /** Throws the error again, with what was spent all the same. */
  fail(error: unknown): never {
    if (error instanceof FlyballError) error.costUsd = this.#usd;
    throw error;
  }
}
