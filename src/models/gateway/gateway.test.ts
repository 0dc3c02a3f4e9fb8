import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { canonicalJson, type Json, sha256 } from "../../core/base/index.ts";
import { NoModelAnswered } from "./errors.ts";
import { expectedOf } from "./expected.ts";
import type { ModelDelta } from "./model.ts";
import { readOutput } from "./output.ts";
import { callOf, completion, contextOf, fakeLocal, fakeProvider, gatewayOf, respond } from "./testing.ts";

const houseAt = (url: string) => ({ house: { type: "openai-compatible", url } });

test("a route asks its candidates in order, and the first answer counts", async () => {
  const provider = await fakeProvider((_, response) => respond(response, 500, {}));
  try {
    const { gateway, assets } = gatewayOf({
      providers: houseAt(provider.url),
      models: { small: { provider: "house", name: "small-1" } },
      routes: { drafting: { try: ["small", "local/extractive"], strategy: "ordered", timeout: "20s" } },
    });
    const asset = assets.find("route", "drafting");
    assert.ok(asset);
    const reply = await gateway.modelOf(asset)(
      callOf({ input: { question: "How?", sources: [{ id: "a", text: "So." }] } }),
    );
    assert.deepEqual([reply.provider, reply.value, reply.costUsd], ["local", "How?: So.", 0]);
    assert.deepEqual(reply.evidence, ["a"]);
    assert.equal(provider.seen.length, 1);
  } finally {
    await provider.close();
  }
});

test("a candidate that is silent makes room for the next at the route's timeout", async () => {
  let arrived = () => {};
  const hasArrived = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const provider = await fakeProvider(() => arrived());
  try {
    const { gateway, assets, clock } = gatewayOf({
      providers: houseAt(provider.url),
      routes: { drafting: { try: ["house/slow", "local/extractive"], timeout: "20s" } },
    });
    const asset = assets.find("route", "drafting");
    assert.ok(asset);
    const asked = gateway.modelOf(asset)(callOf({ input: { sources: ["So."] } }));
    await hasArrived;
    clock.advance(20_000);
    assert.equal((await asked).provider, "local");
  } finally {
    await provider.close();
  }
});

test("when nobody answers, the error has each failure, and is worth a retry when one of them is", async () => {
  const provider = await fakeProvider((_, response) => respond(response, 429, {}, { "retry-after": "3" }));
  try {
    const { gateway, assets } = gatewayOf({
      providers: houseAt(provider.url),
      routes: { drafting: { try: ["local/extractive", "house/small"] } },
    });
    const asset = assets.find("route", "drafting");
    assert.ok(asset);
    const error = await gateway
      .modelOf(asset)(callOf())
      .catch((thrown: unknown) => thrown);
    assert.ok(error instanceof NoModelAnswered);
    assert.deepEqual(
      error.failures.map(({ code }) => code),
      ["MODEL_INPUT_MISSING", "MODEL_RATE_LIMITED"],
    );
    assert.deepEqual([error.retry, error.retryAfterMs], ["rate_limit", 3_000]);
  } finally {
    await provider.close();
  }
});

test("a cancelled call asks nobody else", async () => {
  const controller = new AbortController();
  const provider = await fakeProvider(() => controller.abort());
  try {
    const { gateway, assets } = gatewayOf({
      providers: houseAt(provider.url),
      routes: { drafting: { try: ["house/small", "local/extractive"] } },
    });
    const asset = assets.find("route", "drafting");
    assert.ok(asset);
    const asked = gateway.modelOf(asset)(callOf({ signal: controller.signal, input: { sources: ["So."] } }));
    await assert.rejects(asked, { code: "MODEL_CALL_ABORTED" });
  } finally {
    await provider.close();
  }
});

test("an answer of a local model must fit the schema too, and is not asked for again", async () => {
  const { gateway, assets } = gatewayOf({});
  const asset = assets.find("model", "local/extractive");
  assert.ok(asset);
  const call = callOf({ input: { sources: ["So."] }, output: { type: "object", required: ["label"] } });
  await assert.rejects(gateway.modelOf(asset)(call), { code: "MODEL_OUTPUT_INVALID", retry: null });
});

test("a model that does not stream is heard when its answer is there", async () => {
  const { gateway, assets } = gatewayOf({ models: { big: { provider: "sim" } } });
  for (const name of ["local/extractive", "big"]) {
    const asset = assets.find("model", name);
    assert.ok(asset);
    const heard: string[] = [];
    const onDelta = (delta: ModelDelta) => heard.push(delta.type === "text" ? delta.text : "");
    const reply = await gateway.modelOf(asset)(callOf({ input: { sources: ["So."] }, onDelta }));
    assert.deepEqual(heard, [reply.value]);
  }
});

test("a local classifier reads input.text, else the last message, from the file that was pinned", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flyball-gateway-"));
  try {
    const file = join(folder, "intent.model");
    writeFileSync(file, "first");
    const models = { intent: { provider: "local", type: "classifier", file: "intent.model" } };
    let loads = 0;
    const local = {
      ...fakeLocal,
      loadClassifier(path: string) {
        loads += 1;
        return fakeLocal.loadClassifier(path);
      },
    };
    const { gateway, assets } = gatewayOf({ models }, { baseDir: folder, local });
    const pinned = assets.find("model", "intent");
    assert.ok(pinned);
    const model = gateway.modelOf(pinned);
    const reply = await model(callOf({ input: { text: "refund please" } }));
    assert.deepEqual(
      [reply.value, reply.confidence, reply.costUsd, reply.simulated],
      ["refund", 0.9, 0, false],
    );
    assert.equal((await model(callOf())).value, "Where");
    assert.equal(loads, 1);
    await assert.rejects(model(callOf({ messages: [] })), { code: "MODEL_INPUT_MISSING" });
    writeFileSync(file, "trained again");
    const restarted = gatewayOf({ models }, { baseDir: folder, local });
    await assert.rejects(restarted.gateway.modelOf(pinned)(callOf()), {
      code: "MODEL_FILE_CHANGED",
      retry: null,
    });
    writeFileSync(join(folder, sha256("first")), "first");
    assert.equal((await restarted.gateway.modelOf(pinned)(callOf())).value, "Where");
    assert.notEqual(restarted.assets.find("model", "intent")?.digest, pinned.digest);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an answer is read as JSON, out of a fence or an envelope, or as the text that it is", () => {
  const label = { enum: ["a", "b"] };
  assert.deepEqual(readOutput('"a"', label), { value: "a" });
  assert.deepEqual(readOutput("a", label), { value: "a" });
  assert.deepEqual(readOutput(' ```json\n{"value":"b"}\n``` ', label), { value: "b" });
  assert.deepEqual(readOutput("17", { type: "integer" }), { value: 17 });
  assert.deepEqual(readOutput("17", { type: "string" }), { value: "17" });
  assert.deepEqual(readOutput('{"value":1}', { type: "object" }), { value: { value: 1 } });
  assert.ok("problems" in readOutput("neither", label));
});

test("the expected answer of a step is found by path, by id, by shape, or is plain", () => {
  const expected = { intent: "refund", "items[1].draft": "one", draft: "any" };
  assert.equal(expectedOf(expected, "intent", undefined), "refund");
  assert.equal(expectedOf(expected, "items[1].draft", undefined), "one");
  assert.equal(expectedOf(expected, "items[2].draft", undefined), "any");
  assert.equal(expectedOf(expected, "other", undefined), undefined);
  assert.equal(expectedOf("refund", "other", undefined), "refund");
  assert.deepEqual(expectedOf({ label: "x" }, "other", { type: "object", required: ["label"] }), {
    label: "x",
  });
  assert.equal(expectedOf(undefined, "other", undefined), undefined);
});

test("a step renders its prompt, asks, and tells what it cost", async () => {
  const provider = await fakeProvider((_, response) =>
    respond(response, 200, completion('{"value":"card"}')),
  );
  try {
    const { gateway, assets } = gatewayOf({
      providers: houseAt(provider.url),
      models: { small: { provider: "house", name: "small-1", price: { input: "$1/M", output: "$10/M" } } },
      routes: { default: { try: ["small"] } },
    });
    const content = {
      input: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
      messages: [
        { role: "system", content: "Classify." },
        { role: "user", content: "It says: {{ text }}" },
      ],
      output: { enum: ["card", "refund"] },
      settings: { temperature: 0, maxTokens: 9 },
    };
    const prompt = { kind: "prompt", name: "classify", digest: sha256(canonicalJson(content)), content };
    const config = { prompt: "classify", input: { text: "lost card" }, settings: { max_tokens: 20 } };
    const outcome = await gateway.inferenceKind.execute(
      config,
      contextOf([prompt, assets.find("route", "default"), assets.find("model", "small")]),
    );
    assert.ok("result" in outcome);
    assert.deepEqual(outcome.result, {
      value: "card",
      confidence: null,
      evidence: null,
      top: null,
      model: "small-1",
      provider: "house",
      cost: 0.0003,
      tokens: { input: 60, cached: 40, output: 15, reasoning: 5 },
      latencyMs: 0,
      simulated: false,
      toolCalls: null,
    });
    const { messages, temperature, max_tokens } = provider.seen[0]?.body ?? { messages: [] };
    assert.deepEqual(messages[1], { role: "user", content: "It says: lost card" });
    assert.deepEqual([temperature, max_tokens], [0, 20]);
    assert.deepEqual(
      new Set(Object.keys(outcome.result)),
      new Set(["value", ...gateway.inferenceKind.fields]),
    );
  } finally {
    await provider.close();
  }
});

test("a prompt in place is text or messages; an input that is no mapping is one variable", async () => {
  const { gateway, assets } = gatewayOf({ models: { big: { provider: "sim" } } });
  const context = contextOf([assets.find("model", "sim/big")]);
  const answerTo = async (config: { [key: string]: Json }) => {
    const outcome = await gateway.inferenceKind.execute({ model: "sim/big", ...config }, context);
    return "result" in outcome ? outcome.result.value : undefined;
  };
  assert.equal(await answerTo({ prompt: { text: "Hello" } }), "[simulated] Hello");
  assert.equal(await answerTo({ prompt: { text: { a: 1 } } }), '[simulated] {"a":1}');
  assert.equal(await answerTo({ prompt: { messages: [{ role: "user", content: "Hi" }] } }), "[simulated] Hi");
  assert.equal(
    await answerTo({ input: "just text" }),
    '[simulated] {"text":"just text","value":"just text"}',
  );
  await assert.rejects(answerTo({ prompt: { messages: [{ role: "wizard", content: "Hi" }] } }), {
    code: "PROMPT_INPUT_INVALID",
  });
  await assert.rejects(answerTo({ prompt: { text: "Hi" }, settings: { temperature: "hot" } }), {
    code: "INFERENCE_INPUT_INVALID",
  });
});

test("the kind names its assets and finds what its schema cannot", () => {
  const { inferenceKind } = gatewayOf({}).gateway;
  assert.deepEqual(inferenceKind.references?.({ prompt: "p", route: "r" }), [
    { kind: "prompt", name: "p", path: ["prompt"] },
    { kind: "route", name: "r", path: ["route"] },
  ]);
  assert.deepEqual(inferenceKind.references?.({ prompt: { text: "x" } }), [
    { kind: "route", name: "default", path: [] },
  ]);
  assert.deepEqual(inferenceKind.check?.({ model: "house/x" }), []);
  assert.equal(inferenceKind.check?.({ model: "a", route: "b" }).length, 1);
  assert.equal(inferenceKind.check?.({ model: "a", output: { type: "txt" } }).length, 1);
});
