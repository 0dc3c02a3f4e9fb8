import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, nextTurn, seededRandom } from "../../../core/base/index.ts";
import { ModelRateLimited, ModelServerFailed } from "../errors.ts";
import { type Model, type ModelCall, withPolicies } from "../model.ts";
import { callOf, replyOf } from "../testing.ts";
import { CoolDown, cooledDown } from "./cool-down.ts";
import { Rate, rateLimited } from "./rate-limit.ts";
import { RetryBudget, retried } from "./retry.ts";

// How a call waits: for a provider that asks for patience, for a declared rate, and before another attempt.

const noJitter = { next: () => 0 };

function subject(answer: (request: number) => Model) {
  const clock = new ManualClock();
  const place = { clock, random: noJitter, model: "house/a" };
  const [coolDown, budget] = [new CoolDown(), new RetryBudget()];
  const sentAt: number[] = [];
  const provider: Model = (call) => {
    sentAt.push(clock.monotonic());
    return answer(sentAt.length - 1)(call);
  };
  const ask = withPolicies(provider, retried(budget, place), cooledDown(coolDown, place));
  return { clock, ask, sentAt };
}

const answering: Model = async () => replyOf();
const limited =
  (retryAfterMs: number | null): Model =>
  async () => {
    throw new ModelRateLimited("house/a", retryAfterMs, "");
  };
const failing: Model = async () => {
  throw new ModelServerFailed("house/a", { status: 500, retryAfterMs: null, said: "" });
};

/** Lets time pass in small steps until it is settled. */
async function settled<T>(clock: ManualClock, asked: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  asked.then(over, over);
  for (let step = 0; step < 10_000 && !isOver; step++) {
    await nextTurn();
    if (!isOver) clock.advance(10);
  }
  return asked;
}

test("a 429 is tried again when its time has come, and not before", async () => {
  const { clock, ask, sentAt } = subject((request) => (request === 0 ? limited(3_000) : answering));
  await settled(clock, ask(callOf({ retry: true })));
  assert.equal(sentAt.length, 2);
  assert.ok(Number(sentAt[1]) >= 3_000, String(sentAt));
});

test("what one call is told holds for all calls of the model", async () => {
  const { clock, ask, sentAt } = subject((request) => (request === 0 ? limited(2_000) : answering));
  const first = ask(callOf({ retry: true }));
  await nextTurn();
  const others = Array.from({ length: 20 }, () => ask(callOf({ retry: true })));
  await settled(clock, Promise.all([first, ...others]));
  assert.equal(sentAt.length, 22);
  assert.ok(sentAt.slice(1).every((at) => at >= 2_000));
});

test("whoever cannot wait is told for how long nobody is asked", async () => {
  const { clock, ask, sentAt } = subject(() => limited(30_000));
  const cannot: Partial<ModelCall>[] = [
    {},
    { retry: true, hasAlternative: true },
    { retry: true, endsAtMs: 10_000 },
    { patienceMs: 10_000 },
  ];
  for (const call of cannot) {
    const error = await ask(callOf(call)).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof ModelRateLimited);
    assert.ok(Number(error.retryAfterMs) > 29_000);
  }
  assert.equal(sentAt.length, 1);
  assert.equal(clock.monotonic(), 0);
});

test("a step has a little patience of its own, and leaves every other failure to the executor", async () => {
  const patient = subject((request) => (request === 0 ? limited(3_000) : answering));
  await settled(patient.clock, patient.ask(callOf({ patienceMs: 10_000 })));
  assert.equal(patient.sentAt.length, 2);
  const failed = subject(() => failing);
  await assert.rejects(failed.ask(callOf({ patienceMs: 10_000 })), { code: "MODEL_SERVER_FAILED" });
  assert.equal(failed.sentAt.length, 1);
});

test("failures that are no 429 are tried again for a tenth of the calls, and a few more", async () => {
  const { clock, ask, sentAt } = subject(() => failing);
  const calls = 200;
  for (let call = 0; call < calls; call++)
    await assert.rejects(settled(clock, ask(callOf({ retry: true }))), { code: "MODEL_SERVER_FAILED" });
  const retries = sentAt.length - calls;
  assert.ok(retries >= calls / 10 && retries <= calls / 10 + 6, `${retries} retries`);
});

test("what was heard in part is not tried again", async () => {
  const { ask, sentAt } = subject(() => async (call) => {
    call.onDelta?.({ type: "text", text: "Half" });
    throw new ModelServerFailed("house/a", { status: 500, retryAfterMs: null, said: "" });
  });
  await assert.rejects(ask(callOf({ retry: true, onDelta: () => {} })), { code: "MODEL_SERVER_FAILED" });
  assert.equal(sentAt.length, 1);
});

test("a declared rate lets its burst through at once and then one after the other", async () => {
  const clock = new ManualClock();
  const rate = new Rate({ limit: 60, perMs: 60_000 });
  const sentAt: number[] = [];
  const provider: Model = async () => {
    sentAt.push(clock.monotonic());
    return replyOf();
  };
  const ask = withPolicies(provider, rateLimited([{ unit: "calls", rate }], { clock, model: "house/a" }));
  const all = Array.from({ length: 70 }, () => ask(callOf({ retry: true })));
  await settled(clock, Promise.all(all));
  assert.equal(sentAt.filter((at) => at === 0).length, 60);
  assert.deepEqual(
    sentAt.slice(60).map((at) => Math.round(at / 1_000)),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
});

test("who would wait beyond the deadline is refused at once, and takes no place", async () => {
  const clock = new ManualClock();
  const rate = new Rate({ limit: 1, perMs: 60_000 });
  const ask = withPolicies(answering, rateLimited([{ unit: "calls", rate }], { clock, model: "house/a" }));
  await ask(callOf());
  for (let call = 0; call < 3; call++) {
    const error = await ask(callOf({ retry: true, endsAtMs: 10_000 })).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof ModelRateLimited);
    assert.equal(error.retryAfterMs, 60_000);
  }
});

test("tokens are counted by estimate, and put right by what was used", async () => {
  const clock = new ManualClock();
  const rate = new Rate({ limit: 1_000, perMs: 60_000 });
  const used = { input: 10, cached: 0, output: 30, reasoning: 0 };
  const provider: Model = async () => replyOf({ tokens: used });
  const ask = withPolicies(provider, rateLimited([{ unit: "tokens", rate }], { clock, model: "house/a" }));
  // Each asks for up to 900 tokens and takes 40: were the estimate kept, the second would have to wait.
  for (let call = 0; call < 3; call++) await ask(callOf({ settings: { maxTokens: 900 } }));
  const refused = ask(callOf({ settings: { maxTokens: 990 } }));
  await assert.rejects(refused, { code: "MODEL_RATE_LIMITED" });
});

/** A provider that bears so many calls a second, and turns the others away until the next one. */
function bearing(clock: ManualClock, callsPerSecond: number) {
  const world = { requests: 0 };
  const inSecond = new Map<number, number>();
  const provider: Model = async () => {
    const second = Math.floor(clock.monotonic() / 1_000);
    const before = inSecond.get(second) ?? 0;
    world.requests += 1;
    inSecond.set(second, before + 1);
    if (before >= callsPerSecond)
      throw new ModelRateLimited("house/a", (second + 1) * 1_000 - clock.monotonic(), "");
    return replyOf();
  };
  return { provider, world };
}

test("a crowd that was turned away comes back as the provider bears it, and everyone is answered", async () => {
  const clock = new ManualClock();
  const place = { clock, random: noJitter, model: "house/a" };
  const { provider, world } = bearing(clock, 100);
  const ask = withPolicies(provider, retried(new RetryBudget(), place), cooledDown(new CoolDown(), place));
  const calls = Array.from({ length: 1_000 }, () => ask(callOf({ retry: true })));
  await settled(clock, Promise.all(calls));
  // All of them came at once, which nobody could know to be too many; afterwards few are sent in vain.
  assert.ok(world.requests < 2_100, `${world.requests} requests for 1,000 calls`);
});

test("the first of a crowd to be turned away again do not keep the others out", async () => {
  const clock = new ManualClock();
  const place = { clock, random: seededRandom(1), model: "house/a" };
  let requests = 0;
  const provider: Model = async () => {
    requests += 1;
    if ([0, 3, 7].includes(requests % 10)) throw new ModelRateLimited("house/a", 5_000, "");
    return replyOf();
  };
  const ask = withPolicies(provider, retried(new RetryBudget(), place), cooledDown(new CoolDown(), place));
  await settled(clock, Promise.all(Array.from({ length: 1_000 }, () => ask(callOf({ retry: true })))));
  assert.ok(requests <= 1_430, `${requests} requests`);
  // 1,000 calls, then 300, 90, 27, 8, 3 and 1: six waits, if nobody waits in vain.
  assert.ok(clock.monotonic() < 8 * 5_250, `${clock.monotonic()} ms`);
});

test("whoever gives up its place in the line passes it on", async () => {
  const { clock, ask, sentAt } = subject((request) => (request === 0 ? limited(1_000) : answering));
  await assert.rejects(ask(callOf()), { code: "MODEL_RATE_LIMITED" });
  const controllers = Array.from({ length: 50 }, () => new AbortController());
  const calls = controllers.map(({ signal }) => ask(callOf({ retry: true, signal })));
  for (const controller of controllers.slice(0, 40)) controller.abort("cancelled");
  const outcomes = await settled(clock, Promise.allSettled(calls));
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 10);
  assert.equal(sentAt.length, 11);
});

test("a step waits for room only as long as its patience, and who has none is told to come back", async () => {
  const hanging: Model = () => new Promise(() => {});
  const { clock, ask } = subject((request) => (request === 0 ? limited(1_000) : hanging));
  await assert.rejects(ask(callOf()), { code: "MODEL_RATE_LIMITED" });
  clock.advance(2_000);
  for (let call = 0; call < 4; call++) void ask(callOf());
  await nextTurn();
  await assert.rejects(ask(callOf()), { code: "MODEL_RATE_LIMITED", retryAfterMs: 1_000 });
  const patient = ask(callOf({ patienceMs: 3_000 }));
  await assert.rejects(settled(clock, patient), { code: "MODEL_RATE_LIMITED", retryAfterMs: 1_000 });
  assert.ok(clock.monotonic() >= 5_000);
});
