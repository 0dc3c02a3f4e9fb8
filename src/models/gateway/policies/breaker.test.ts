import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../core/base/index.ts";
import { ModelRequestRefused, ModelServerFailed } from "../errors.ts";
import { type Model, withPolicies } from "../model.ts";
import { callOf, replyOf } from "../testing.ts";
import { Breaker, circuitBroken } from "./breaker.ts";

function subject() {
  const clock = new ManualClock();
  const breaker = new Breaker();
  const world = { isDown: true, requests: 0 };
  const provider: Model = async () => {
    world.requests += 1;
    if (world.isDown) throw new ModelServerFailed("house/a", { status: 500, retryAfterMs: null, said: "" });
    return replyOf();
  };
  const ask = withPolicies(provider, circuitBroken(breaker, { clock, model: "house/a" }));
  const outcome = () =>
    ask(callOf()).then(
      () => "ok",
      (error) => String(error.code),
    );
  return { clock, breaker, world, outcome };
}

test("after enough failures nothing is sent, until one call tries whether it is well again", async () => {
  const { clock, breaker, world, outcome } = subject();
  for (let call = 0; call < 5; call++) assert.equal(await outcome(), "MODEL_SERVER_FAILED");
  assert.equal(breaker.state(clock.monotonic()), "open");
  assert.equal(await outcome(), "MODEL_CIRCUIT_OPEN");
  assert.equal(world.requests, 5);
  clock.advance(5_000);
  const both = await Promise.all([outcome(), outcome()]);
  assert.deepEqual(both, ["MODEL_SERVER_FAILED", "MODEL_CIRCUIT_OPEN"]);
  assert.equal(world.requests, 6);
  // After a probe that failed it stays open twice as long.
  clock.advance(9_999);
  assert.equal(await outcome(), "MODEL_CIRCUIT_OPEN");
  clock.advance(1);
  world.isDown = false;
  assert.equal(await outcome(), "ok");
  assert.equal(breaker.state(clock.monotonic()), "closed");
  assert.equal(await outcome(), "ok");
});

test("it is back within a minute, however long the provider was down", async () => {
  const { clock, world, outcome } = subject();
  for (let second = 0; second < 300; second++) {
    await outcome();
    clock.advance(1_000);
  }
  world.isDown = false;
  let waited = 0;
  while ((await outcome()) !== "ok") {
    clock.advance(1_000);
    waited += 1;
  }
  assert.ok(waited <= 30, `${waited} s`);
  assert.ok(world.requests < 30, `${world.requests} requests in five minutes`);
});

test("few failures among many answers open nothing, and neither do refusals that are the caller's", async () => {
  const { clock, breaker, world, outcome } = subject();
  for (let call = 0; call < 100; call++) {
    world.isDown = call % 3 === 0;
    assert.notEqual(await outcome(), "MODEL_CIRCUIT_OPEN");
  }
  assert.equal(breaker.state(clock.monotonic()), "closed");
  const refusing: Model = async () => {
    throw new ModelRequestRefused("house/a", 400, "");
  };
  const ask = withPolicies(refusing, circuitBroken(breaker, { clock, model: "house/a" }));
  for (let call = 0; call < 100; call++)
    await assert.rejects(ask(callOf()), { code: "MODEL_REQUEST_REFUSED" });
});

test("a probe that never ends by itself ends with its call", async () => {
  const { clock, breaker, world, outcome } = subject();
  for (let call = 0; call < 5; call++) await outcome();
  clock.advance(5_000);
  const controller = new AbortController();
  const silent = withPolicies(
    () => new Promise(() => {}),
    circuitBroken(breaker, { clock, model: "house/a" }),
  );
  const probe = silent(callOf({ signal: controller.signal }));
  controller.abort("timeout");
  await assert.rejects(probe, { code: "MODEL_TIMEOUT" });
  clock.advance(10_000);
  world.isDown = false;
  assert.equal(await outcome(), "ok");
});
