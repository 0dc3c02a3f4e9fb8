import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../core/base/index.ts";
import { Answers, questionOf } from "./answers.ts";
import { ModelAnswerMalformed, ModelOutputInvalid, ModelRateLimited } from "./errors.ts";
import type { Model, ModelCall, ModelDelta } from "./model.ts";
import { type Candidate, routing } from "./route.ts";
import type { RouteContent } from "./route-content.ts";
import { Statistics } from "./statistics.ts";
import { callOf, replyOf } from "./testing.ts";

const failing: Model = async () => {
  throw new ModelAnswerMalformed("house/bad", "no JSON");
};
const answering =
  (changes: Parameters<typeof replyOf>[0] = {}): Model =>
  async (call) => {
    call.onRequest?.();
    const reply = replyOf(changes);
    call.onDelta?.({ type: "text", text: String(reply.value) });
    return reply;
  };

function routeOf(
  route: Partial<RouteContent>,
  models: Readonly<Record<string, Model>>,
  resting: readonly string[] = [],
) {
  const clock = new ManualClock();
  const answers = new Answers(clock, undefined);
  const question = (call: ModelCall) => questionOf({ route: "r", models: "v1" }, call, { share: false });
  const candidateOf = (name: string): Candidate => ({
    name,
    price: undefined,
    statistics: new Statistics(),
    ask: models[name] ?? failing,
    isResting: () => resting.includes(name),
  });
  const content = { strategy: "ordered" as const, tiers: [], fallback: [], ...route };
  return {
    ask: routing({ name: "r", route: content, candidateOf, answers, question }),
    answers,
    question,
    clock,
  };
}

test("the trace tells who answered, after how many requests, and what went wrong before", async () => {
  const { ask } = routeOf({ tiers: [{ models: ["bad", "good"] }] }, { bad: failing, good: answering() });
  const { trace } = await ask(callOf());
  assert.deepEqual(trace, {
    attempts: 1,
    cache: "off",
    route: { chosen: "house/small", reason: "bad: MODEL_ANSWER_MALFORMED; first in order" },
  });
});

test("a tier that is not sure enough, or says nothing of it, leads to the next, and both are paid", async () => {
  for (const confidence of [0.79, null]) {
    const { ask } = routeOf(
      { tiers: [{ models: ["small"], below: 0.8 }, { models: ["big"] }] },
      {
        small: answering({ confidence, costUsd: 0.001 }),
        big: answering({ model: "big", costUsd: 0.02, confidence: 0.9 }),
      },
    );
    const reply = await ask(callOf());
    assert.deepEqual([reply.model, reply.costUsd, reply.tokens?.input], ["big", 0.021, 20]);
    assert.equal(reply.trace?.attempts, 2);
    assert.match(reply.trace?.route.reason ?? "", /house\/small: confidence (0\.79|none), below 0\.8/);
  }
});

test("a tier that is sure enough is the last one asked", async () => {
  const { ask } = routeOf(
    { tiers: [{ models: ["small"], below: 0.8 }, { models: ["big"] }] },
    { small: answering({ confidence: 0.8 }), big: () => assert.fail("not asked") },
  );
  assert.equal((await ask(callOf())).costUsd, 0.001);
});

test("an answer that does not fit its schema leads to the next tier, and is paid for", async () => {
  const { ask } = routeOf(
    { tiers: [{ models: ["small"], below: 0.8 }, { models: ["big"] }] },
    {
      small: async () => {
        throw new ModelOutputInvalid("house/small", ["no label"], replyOf({ costUsd: 0.002 }));
      },
      big: answering({ costUsd: 0.02 }),
    },
  );
  const reply = await ask(callOf());
  assert.deepEqual([reply.costUsd, reply.tokens?.output], [0.022, 10]);
});

test("when the higher tier fails, the best doubtful answer counts, with its own confidence", async () => {
  const { ask } = routeOf(
    { tiers: [{ models: ["small"], below: 0.8 }, { models: ["mid"], below: 0.9 }, { models: ["big"] }] },
    {
      small: answering({ value: "better", confidence: 0.6, costUsd: 0.001 }),
      mid: answering({ value: "worse", confidence: 0.5, costUsd: 0.01 }),
      big: failing,
    },
  );
  const reply = await ask(callOf());
  assert.deepEqual([reply.value, reply.confidence, reply.costUsd], ["better", 0.6, 0.011]);
});

test("a listener hears nothing of an answer that is turned down, and all of the one that counts", async () => {
  const heard: ModelDelta[] = [];
  const { ask } = routeOf(
    {
      tiers: [
        { models: ["small"], below: 0.8 },
        { models: ["big"], below: 0.8 },
      ],
    },
    {
      small: answering({ value: "no", confidence: 0.1 }),
      big: answering({ value: "yes", confidence: 0.9 }),
    },
  );
  await ask(callOf({ onDelta: (delta) => heard.push(delta) }));
  assert.deepEqual(heard, [{ type: "text", text: "yes" }]);
});

test("what was heard in part is given to no other model", async () => {
  const { ask } = routeOf(
    { tiers: [{ models: ["a", "b"] }], fallback: [{ models: ["b"] }] },
    {
      a: async (call) => {
        call.onDelta?.({ type: "text", text: "Half of" });
        throw new ModelAnswerMalformed("house/a", "it broke off");
      },
      b: () => assert.fail("not asked"),
    },
  );
  await assert.rejects(ask(callOf({ onDelta: () => {} })), { code: "MODEL_ANSWER_MALFORMED" });
});

test("fallbacks come in order: other models, the last answer to this question, a person", async () => {
  const fallback = [{ models: ["bad"] }, { cachedMs: 60_000 }, { person: true as const }];
  const { ask, answers, question, clock } = routeOf({ tiers: [{ models: ["bad"] }], fallback }, {});
  const needsPerson = { code: "PERSON_NEEDED", retry: null };
  await assert.rejects(ask(callOf()), needsPerson);
  answers.keep(question(callOf()), callOf().origin, replyOf({ value: "known" }));
  const known = await ask(callOf());
  assert.deepEqual([known.value, known.costUsd, known.trace?.cache], ["known", 0, "hit"]);
  assert.deepEqual(known.trace?.cachedFrom, { runId: "run-1", path: "draft", ageMs: 0 });
  await assert.rejects(ask(callOf({ messages: [{ role: "user", content: "Another?" }] })), needsPerson);
  clock.advance(60_001);
  await assert.rejects(ask(callOf()), needsPerson);
});

test("only the last who can help is waited for; one that rests is asked last", async () => {
  const alternatives: string[] = [];
  const asked =
    (name: string): Model =>
    async (call) => {
      alternatives.push(`${name}${call.hasAlternative ? "" : "!"}`);
      throw new ModelRateLimited(`house/${name}`, 1_000, "");
    };
  const models = { a: asked("a"), b: asked("b"), c: asked("c") };
  const { ask } = routeOf({ tiers: [{ models: ["a", "b", "c"] }] }, models, ["a"]);
  await assert.rejects(ask(callOf()), { code: "NO_MODEL_ANSWERED", retryAfterMs: 1_000 });
  assert.deepEqual(alternatives, ["b", "c!", "a!"]);
});
