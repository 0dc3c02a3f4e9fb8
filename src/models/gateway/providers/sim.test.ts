import assert from "node:assert/strict";
import { test } from "node:test";
import { FlyballError, type Json, seededRandom } from "../../../core/base/index.ts";
import type { ModelCall, ModelReply } from "../model.ts";
import { callOf, gatewayOf } from "../testing.ts";
import { betaDraw, logNormalDraw } from "./draws.ts";
import { sampleOf, wrongAnswer } from "./sim-answers.ts";

function simulatedModel(settings: { [key: string]: Json }) {
  const { gateway, assets, clock } = gatewayOf({ models: { big: { provider: "sim", ...settings } } });
  const asset = assets.find("model", "sim/big");
  assert.ok(asset);
  const model = gateway.modelOf(asset);
  const ask = (path: string, changes: Partial<ModelCall> = {}, attempt = 1) =>
    model(callOf({ ...changes, origin: { runId: "run-1", path, attempt, key: `run-1/${path}` } }));
  return { ask, clock };
}

const labels = ["refund", "card", "fraud", "other"];
const paths = Array.from({ length: 2_000 }, (_, index) => `step${index}`);
const askAll = (ask: ReturnType<typeof simulatedModel>["ask"], changes: Partial<ModelCall>, some = paths) =>
  Promise.all(some.map((path) => ask(path, changes).catch((error: unknown) => error)));
const isReply = (reply: unknown): reply is ModelReply => !(reply instanceof Error);
const share = (items: readonly unknown[], holds: (item: unknown) => boolean) =>
  items.filter(holds).length / items.length;

test("it is right as often as declared, wrong among the declared labels, and says that it is simulated", async () => {
  const { ask } = simulatedModel({ quality: 0.8, labels, price: { input: "$1/M", output: "$1/M" } });
  const replies = (await askAll(ask, { expected: "card" })).filter(isReply);
  assert.equal(replies.length, paths.length);
  assert.ok(Math.abs(share(replies, (reply) => isReply(reply) && reply.value === "card") - 0.8) < 0.03);
  assert.deepEqual(new Set(replies.map(({ value }) => value)), new Set(labels));
  assert.ok(replies.every(({ simulated, provider }) => simulated && provider === "sim"));
  const [reply] = replies;
  assert.deepEqual(reply?.tokens?.input, Math.ceil("Where is my parcel?".length / 4));
  assert.ok((reply?.costUsd ?? 0) > 0);
});

test("its confidence means what it says: by tenths, as many are right as it claims", async () => {
  const { ask } = simulatedModel({ quality: 0.7, labels });
  const replies = (await askAll(ask, { expected: "card" })).filter(isReply);
  let error = 0;
  for (let tenth = 0; tenth < 10; tenth++) {
    const bin = replies.filter(({ confidence }) => Math.min(9, Math.floor((confidence ?? 0) * 10)) === tenth);
    if (bin.length === 0) continue;
    const claimed = bin.reduce((sum, { confidence }) => sum + (confidence ?? 0), 0) / bin.length;
    const right = bin.filter(({ value }) => value === "card").length / bin.length;
    error += (Math.abs(claimed - right) * bin.length) / replies.length;
  }
  assert.ok(error < 0.04, `expected calibration error ${error}`);
  const mean = (isRight: boolean) => {
    const part = replies.filter(({ value }) => (value === "card") === isRight);
    return part.reduce((sum, { confidence }) => sum + (confidence ?? 0), 0) / part.length;
  };
  assert.ok(mean(true) > mean(false) + 0.1);
});

test("the same step and attempt give the same answer, whenever they are asked; another attempt its own", async () => {
  const first = simulatedModel({ quality: 0.5, labels, seed: 7 });
  const again = simulatedModel({ quality: 0.5, labels, seed: 7 });
  const some = paths.slice(0, 50);
  const values = async (ask: typeof first.ask, order: readonly string[], attempt = 1) =>
    new Map(
      await Promise.all(
        order.map(async (path) => [path, (await ask(path, { expected: "card" }, attempt)).value] as const),
      ),
    );
  const forwards = await values(first.ask, some);
  const backwards = await values(again.ask, [...some].reverse());
  for (const path of some) assert.deepEqual(forwards.get(path), backwards.get(path));
  assert.notDeepEqual(forwards, await values(first.ask, some, 2));
  assert.notDeepEqual(forwards, await values(simulatedModel({ quality: 0.5, labels, seed: 8 }).ask, some));
});

test("declared failures come at their rate, as errors that may be retried", async () => {
  const { ask } = simulatedModel({ error_rate: "10%" });
  const outcomes = await askAll(ask, { expected: "card" });
  const errors = outcomes.filter((outcome) => outcome instanceof FlyballError);
  assert.ok(Math.abs(errors.length / paths.length - 0.1) < 0.03);
  assert.ok(errors.every(({ code, retry }) => code === "SIMULATED_FAILURE" && retry === "server"));
});

test("a change sets in at its call and leaves the confidence as sure as before", async () => {
  const { ask } = simulatedModel({ quality: 0.9, labels, changes: [{ at_call: 1_001, quality: 0.3 }] });
  const before = (await askAll(ask, { expected: "card" }, paths.slice(0, 1_000))).filter(isReply);
  const after = (await askAll(ask, { expected: "card" }, paths.slice(1_000))).filter(isReply);
  const right = (replies: ModelReply[]) =>
    replies.filter(({ value }) => value === "card").length / replies.length;
  const confidence = (replies: ModelReply[]) =>
    replies
      .filter(({ value }) => value === "card")
      .reduce((sum, reply, _, list) => sum + (reply.confidence ?? 0) / list.length, 0);
  assert.ok(Math.abs(right(before) - 0.9) < 0.03);
  assert.ok(Math.abs(right(after) - 0.3) < 0.05);
  assert.ok(Math.abs(confidence(before) - confidence(after)) < 0.05);
});

test("it waits on the clock that it is given, and no longer than its call", async () => {
  const { ask, clock } = simulatedModel({ latency: { p50: "800ms", p95: "2s" } });
  let isDone = false;
  const asked = ask("draft").then(() => {
    isDone = true;
  });
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  assert.equal(isDone, false);
  clock.advance(60_000);
  await asked;
  const controller = new AbortController();
  const cancelled = ask("other", { signal: controller.signal });
  controller.abort();
  await assert.rejects(cancelled, { code: "MODEL_CALL_ABORTED" });
});

test("without an expected answer it echoes, or makes up what the schema describes", async () => {
  const { ask } = simulatedModel({});
  assert.equal((await ask("a")).value, "[simulated] Where is my parcel?");
  const output = {
    type: "object",
    properties: { label: { enum: labels }, score: { type: "number" } },
    required: ["label"],
  };
  const { value } = await ask("a", { output });
  assert.ok(labels.includes(String(Object(value).label)));
  assert.deepEqual((await ask("a", { output })).value, value);
});

test("a wrong answer is never the right one, and without labels it is a changed one", () => {
  for (const expected of [
    "card",
    "other",
    3,
    true,
    null,
    [],
    ["a", "b"],
    {},
    { label: "card", sure: true },
  ] as Json[])
    assert.notDeepEqual(wrongAnswer(expected, [expected], "seed"), expected);
  assert.deepEqual(wrongAnswer("card", ["card", "refund"], "seed"), "refund");
});

test("a made-up answer fits simple schemas, and ends for one that refers to itself", () => {
  assert.deepEqual(
    sampleOf({ type: "array", items: { type: "integer", minimum: 4 }, minItems: 2 }, "seed"),
    [4, 4],
  );
  assert.deepEqual(sampleOf({ const: 5 }, "seed"), 5);
  const nested: Record<string, unknown> = { type: "object", required: ["child"] };
  nested.properties = { child: nested };
  assert.ok(JSON.stringify(sampleOf(nested as { [key: string]: Json }, "seed")).length < 200);
});

test("latencies have the declared median and 95th percentile, confidences the mean of their distribution", () => {
  const random = seededRandom(1);
  const drawn = Array.from({ length: 20_000 }, () =>
    logNormalDraw({ p50Ms: 800, p95Ms: 2_000 }, random),
  ).sort((a, b) => a - b);
  assert.ok(Math.abs((drawn[10_000] ?? 0) - 800) < 20);
  assert.ok(Math.abs((drawn[19_000] ?? 0) - 2_000) < 80);
  const betas = Array.from({ length: 20_000 }, () => betaDraw(3.8, 0.2, random));
  assert.ok(Math.abs(betas.reduce((sum, value) => sum + value, 0) / betas.length - 0.95) < 0.005);
  assert.equal(logNormalDraw({ p50Ms: 0, p95Ms: 0 }, random), 0);
});
