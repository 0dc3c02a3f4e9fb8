import assert from "node:assert/strict";
import { z } from "zod";
import { derivedId, FlyballError, type Json, type JsonObject, type RetryClass } from "../base/index.ts";
import type { StepContext, StepKind, StepOutcome } from "../workflow/index.ts";

// The world outside, as the steps of a test meet it.

/** A failure of the outside world, of a class that is retried or of none. */
export class Outage extends FlyballError {
  readonly code = "OUTAGE";
  override readonly retry: RetryClass | null;
  override readonly retryAfterMs: number | null;
  constructor(retry: RetryClass | null = "server", retryAfterMs: number | null = null) {
    super("The service is out.");
    this.retry = retry;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface Call {
  readonly name: string;
  readonly data: Json;
  readonly path: string;
  readonly key: string;
  readonly attempt: number;
}

type Handler = (call: Call, context: StepContext) => StepOutcome | Promise<StepOutcome>;

/** What the steps of a test meet: it answers calls, remembers them, and outlives a crash of the engine. */
export class World {
  readonly calls: Call[] = [];
  /** The most calls that were under way at once. */
  mostAtOnce = 0;
  #underWay = 0;
  readonly #handlers = new Map<string, Handler>();
  readonly #expected: { readonly name: string; readonly times: number; readonly resolve: () => void }[] = [];

  on(name: string, handler: Handler): this {
    this.#handlers.set(name, handler);
    return this;
  }

  /** Answers with the value after so many failures. */
  failing(name: string, times: number, error: () => unknown = () => new Outage()): this {
    let failures = 0;
    return this.on(name, ({ data }) => {
      if (failures++ < times) throw error();
      return { result: { value: data } };
    });
  }

  /** Answers only when told, by path; unanswered calls stay under way. */
  holding(name: string): Map<string, PromiseWithResolvers<StepOutcome>> {
    const held = new Map<string, PromiseWithResolvers<StepOutcome>>();
    this.on(name, ({ path }) => {
      const answer = Promise.withResolvers<StepOutcome>();
      held.set(path, answer);
      return answer.promise;
    });
    return held;
  }

  /** Resolves once a step has made this call so many times. */
  called(name: string, times = 1): Promise<void> {
    if (this.count(name) >= times) return Promise.resolve();
    return new Promise((resolve) => this.#expected.push({ name, times, resolve }));
  }

  count(name: string): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  answer(config: JsonObject, context: StepContext): StepOutcome | Promise<StepOutcome> {
    const { path, key, attempt } = context;
    const call = { name: String(config.do), data: config.with ?? null, path, key, attempt };
    this.calls.push(call);
    for (const { name, times, resolve } of this.#expected) if (this.count(name) >= times) resolve();
    return this.#handlers.get(call.name)?.(call, context) ?? { result: { value: call.data } };
  }

  async answerLater(config: JsonObject, context: StepContext): Promise<StepOutcome> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay);
    try {
      await Promise.resolve();
      return await this.answer(config, context);
    } finally {
      this.#underWay -= 1;
    }
  }
}

const callShape = z.strictObject({ do: z.string(), with: z.json().optional() });

export function worldKinds(world: World): StepKind[] {
  const base = { summary: "For tests.", config: callShape, fields: ["cost"], effect: () => "write" as const };
  return [
    { ...base, name: "now", callsOut: false, execute: (config, context) => world.answer(config, context) },
    {
      ...base,
      name: "call",
      callsOut: true,
      execute: (config, context) => world.answerLater(config, context),
    },
    {
      ...base,
      name: "code",
      callsOut: false,
      runsUserCode: true,
      execute: (config, context) => world.answerLater(config, context),
    },
    askKind,
  ];
}

/** Asks a person, as `human_review` does, without its rules. */
const askKind: StepKind = {
  name: "ask",
  summary: "Asks a person.",
  config: z.strictObject({ draft: z.json(), within: z.number().optional() }),
  fields: ["decision"],
  callsOut: false,
  effect: () => "none",
  execute(config, context) {
    const { runId, path, workflow } = context;
    const id = derivedId("review", context.key, String(context.clock.now()));
    const deadline = typeof config.within === "number" ? context.clock.now() + config.within : null;
    const data = { run: runId, path, workflow, draft: config.draft ?? null, assign: null, deadline };
    return {
      wait: { for: "review", key: id, ...(deadline === null ? {} : { dueAt: deadline, deadline }) },
      facts: [{ stream: `review/${id}`, expectedSeq: 0, type: "review.requested", data }],
    };
  },
  resume(_config, woken, context) {
    if (woken.by === "time") {
      const key = context.waitKey ?? "";
      const data = { by: "deadline", comment: null };
      return {
        wait: { for: "review", key },
        facts: [{ stream: `review/${key}`, type: "review.escalated", data }],
      };
    }
    assert.equal(woken.by, "review");
    const { decision, value, reviewer } = woken.decision;
    if (decision === "reject") return { rejected: { by: reviewer, comment: null } };
    return { result: { value: value ?? null, decision } };
  },
};
