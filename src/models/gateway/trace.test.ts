import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalJson, type JsonObject, sha256 } from "../../core/base/index.ts";
import { type Asset, WorkflowInvalid, withReferences } from "../../core/workflow/index.ts";
import { callOf, contextOf, gatewayOf } from "./testing.ts";
import { traceOf } from "./trace.ts";

const promptAsset = (content: JsonObject): Asset => {
  const whole = {
    input: { type: "object" },
    messages: [{ role: "user", content: "Hi" }],
    settings: {},
    ...content,
  };
  return { kind: "prompt", name: "greet", digest: sha256(canonicalJson(whole)), content: whole };
};

const settings = {
  models: { big: { provider: "sim" }, small: { provider: "sim" } },
  routes: { default: { try: ["big"] }, fast: { try: ["small"] } },
};

test("a step asks whom it names, else whom its prompt names, else the default route; what is pinned is the same", async () => {
  const { gateway, assets } = gatewayOf(settings);
  const cases: readonly [JsonObject, JsonObject, string][] = [
    [{}, {}, "route/default"],
    [{}, { route: "fast" }, "route/fast"],
    [{}, { model: "sim/small" }, "model/sim/small"],
    [{ route: "default" }, { model: "sim/small" }, "route/default"],
    [{ model: "sim/big" }, { route: "fast" }, "model/sim/big"],
  ];
  for (const [step, said, expected] of cases) {
    const prompt = promptAsset(said);
    const config = { prompt: "greet", ...step };
    const named = gateway.inferenceKind.references?.(config, { find: () => prompt }) ?? [];
    assert.deepEqual(
      named.map(({ kind, name }) => `${kind}/${name}`),
      ["prompt/greet", expected],
    );
    const pinned = named.slice(1).flatMap(({ kind, name }) => assets.find(kind, name) ?? []);
    const all = [prompt, ...withReferences(pinned, assets)];
    const outcome = await gateway.inferenceKind.execute(config, contextOf(all));
    assert.ok("result" in outcome);
    assert.equal(outcome.result.model, /small|fast/.test(expected) ? "small" : "big");
  }
});

test("of a prompt that is wrong, nobody asks whom it prefers: what is wrong is told where it is looked up", () => {
  const { inferenceKind } = gatewayOf(settings).gateway;
  const find = () => {
    throw new WorkflowInvalid([{ file: "f", line: 1, column: 1, message: "wrong" }]);
  };
  assert.deepEqual(inferenceKind.references?.({ prompt: "greet" }, { find }), [
    { kind: "prompt", name: "greet", path: ["prompt"] },
  ]);
});

test("the trace of a step has the words, the version and variant of the prompt, and all parameters", async () => {
  const { gateway, assets } = gatewayOf(settings);
  const prompt = promptAsset({
    settings: { temperature: 1, maxTokens: 9 },
    tools: [{ name: "look", parameters: { type: "object" } }],
    variants: [{ language: "de", messages: [{ role: "user", content: "Hallo" }] }],
  });
  const run = async (changes: object) => {
    const context = contextOf([prompt, assets.find("route", "default"), assets.find("model", "big")], {
      tags: { language: "de" },
      ...changes,
    });
    const config = { prompt: "greet", settings: { temperature: 0 } };
    const outcome = await gateway.inferenceKind.execute(config, context);
    return "result" in outcome ? outcome.trace : undefined;
  };
  const trace = await run({});
  assert.deepEqual(trace?.prompt, [{ role: "user", content: "Hallo" }]);
  assert.deepEqual(trace?.parameters, { temperature: 0, maxTokens: 9, tools: ["look"] });
  assert.deepEqual(trace?.promptVersion, {
    name: "greet",
    digest: prompt.digest,
    variant: "language=de",
    reason: "fits language=de",
  });
  const silent = await run({ capture: false });
  assert.deepEqual(silent?.prompt, [{ role: "user", digest: sha256("Hallo"), characters: 5 }]);
  assert.deepEqual(silent?.promptVersion, trace?.promptVersion);
});

test("without messages the trace has what was read instead, unless that is not to be kept", () => {
  const call = callOf({ messages: [], input: { text: "secret" } });
  assert.deepEqual(traceOf(call, {}), { input: { text: "secret" }, parameters: {} });
  assert.deepEqual(traceOf(call, { capture: false }), { parameters: {} });
});

test("what the policies did on the way is told as they told it", () => {
  const policies = {
    attempts: 2,
    cache: "miss",
    route: { chosen: "a/b", reason: "first" },
    priceVersion: "p1",
  } as const;
  const trace = traceOf(callOf(), { reply: { trace: policies } });
  const { prompt, parameters, ...told } = trace;
  assert.deepEqual(told, policies);
  assert.deepEqual(traceOf(callOf({ toolChoice: "none" }), {}).parameters, { toolChoice: "none" });
});

test("a long prompt and an image are kept as digests, so that the journal is not doubled", () => {
  const long = "x".repeat(300_000);
  const [only] = traceOf(callOf({ messages: [{ role: "user", content: long }] }), {}).prompt as JsonObject[];
  assert.deepEqual(only, { role: "user", digest: sha256(long), characters: 300_000 });
  const input = traceOf(callOf({ messages: [], input: { text: long } }), {}).input as JsonObject;
  assert.equal(input.characters, JSON.stringify({ text: long }).length);
  const url = `data:image/png;base64,${"A".repeat(1_000)}`;
  const content = [
    { type: "text", text: "What is it?" },
    { type: "image", url },
    { type: "image", url: "https://example.com/a.png" },
  ] as const;
  const [message] = traceOf(callOf({ messages: [{ role: "user", content }] }), {}).prompt as JsonObject[];
  assert.deepEqual(message?.content, [
    { type: "text", text: "What is it?" },
    { type: "image", url: `sha256:${sha256(url)}` },
    { type: "image", url: "https://example.com/a.png" },
  ]);
});
