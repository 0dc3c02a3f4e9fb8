import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { FlyballError, type Json, ManualClock } from "../../../core/base/index.ts";
import type { OpenaiCompatibleContent } from "../content.ts";
import type { ModelCall, ModelDelta } from "../model.ts";
import { callOf, completion, fakeProvider, respond } from "../testing.ts";
import { aiSdkModel } from "./ai-sdk.ts";
import { Connections } from "./connections.ts";
import { keptAliveFetch } from "./kept-alive-fetch.ts";
import { openaiCompatible } from "./openai-compatible.ts";
import { isPlain, plainChat } from "./plain-chat.ts";

// Whether a call has a package in between or not, the server is asked the same, and the caller told the same.

const secret = "sk-very-secret-0123456789";

async function asked(call: ModelCall, answer: (response: ServerResponse) => void, changes = {}) {
  const provider = await fakeProvider((_, response) => answer(response));
  const content: OpenaiCompatibleContent = {
    provider: "house",
    type: "openai-compatible",
    model: "small-1",
    url: provider.url,
    keySecret: "HOUSE_KEY",
    structuredOutputs: true,
    ...changes,
  };
  const connections = new Connections();
  const deps = {
    clock: new ManualClock(),
    secrets: () => secret,
    connections,
    fetch: keptAliveFetch(connections),
  };
  try {
    const plain = await outcome(plainChat(content, deps), call);
    const packaged = await outcome(aiSdkModel(content, openaiCompatible, deps), call);
    const [first, second] = provider.seen;
    return { plain, packaged, sent: [first?.body, second?.body], headers: first?.headers };
  } finally {
    await provider.close();
  }
}

async function outcome(model: ReturnType<typeof plainChat>, call: ModelCall) {
  const heard: ModelDelta[] = [];
  const listening = call.onDelta ? { ...call, onDelta: (delta: ModelDelta) => heard.push(delta) } : call;
  try {
    return { heard, reply: await model(listening) };
  } catch (error) {
    assert.ok(error instanceof FlyballError, String(error));
    assert.ok(!error.message.includes(secret), "an error holds the secret");
    return { heard, code: error.code, retry: error.retry, message: error.message };
  }
}

const output = { type: "object", properties: { a: { type: "string" } }, required: ["a"] };
const onDelta = () => {};
const calls: readonly { what: string; call: Partial<ModelCall>; changes?: object }[] = [
  { what: "a question", call: {} },
  {
    what: "every setting",
    call: { settings: { temperature: 0, maxTokens: 50, topP: 0.5, seed: 3, stop: ["END"] } },
  },
  {
    what: "a conversation",
    call: {
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hello" },
        { role: "assistant", content: "" },
        { role: "user", content: "Grüße 👋" },
      ],
    },
  },
  { what: "a schema", call: { output } },
  { what: "a schema that is held to", call: { output: { ...output, additionalProperties: false } } },
  { what: "a schema in words", call: { output }, changes: { structuredOutputs: false } },
];

for (const { what, call, changes } of calls)
  for (const isHeard of [false, true])
    test(`${what}${isHeard ? ", as a stream" : ""}: the request is the package's`, async () => {
      const whole = callOf({ ...call, ...(isHeard ? { onDelta } : {}) });
      const { sent, headers } = await asked(whole, (response) => response.writeHead(500).end(), changes);
      assert.deepEqual(sent[0], sent[1]);
      assert.equal(headers?.authorization, `Bearer ${secret}`);
      assert.equal(headers?.["idempotency-key"], "run-1/draft");
    });

const choices = (message: Json, reason: Json = "stop") => [{ index: 0, message, finish_reason: reason }];
const bodies: readonly { what: string; body: Json }[] = [
  { what: "a text", body: completion("Yes.") },
  { what: "no usage", body: completion("Yes.", { usage: null }) },
  { what: "half a usage", body: completion("Yes.", { usage: { prompt_tokens: 5 } }) },
  { what: "no reason", body: completion("", { choices: choices({ content: "Yes." }, null) }) },
  { what: "its own reason", body: completion("", { choices: choices({ content: "Yes." }, "eos") }) },
  { what: "a cut", body: completion("", { choices: choices({ content: "Ye" }, "length") }) },
  { what: "a filter", body: completion("", { choices: choices({ content: "" }, "content_filter") }) },
  { what: "a refusal", body: completion("", { choices: choices({ content: null, refusal: "No." }) }) },
  {
    what: "parts and thoughts",
    body: completion("", {
      choices: choices({
        reasoning_content: "hm",
        content: [
          { type: "text", text: "Ye" },
          { type: "text", text: "s." },
        ],
      }),
    }),
  },
  { what: "no text", body: completion("") },
];

for (const { what, body } of bodies)
  test(`an answer with ${what} is told as the package tells it`, async () => {
    const { plain, packaged } = await asked(callOf(), (response) => respond(response, 200, body));
    assert.deepEqual(plain, packaged);
  });

const event = (delta: Json, reason: Json = null, more: { [key: string]: Json } = {}) =>
  `data: ${JSON.stringify({ id: "1", choices: [{ index: 0, delta, finish_reason: reason }], ...more })}\n\n`;
const usage = { prompt_tokens: 9, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 4 } };
const streams: readonly { what: string; text: string }[] = [
  { what: "words", text: event({ content: "Ye" }) + event({ content: "s." }) + event({}, "stop", { usage }) },
  {
    what: "usage by itself",
    text: `${event({ content: "Yes." }, "stop")}data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`,
  },
  { what: "a refusal", text: event({ refusal: "No." }) + event({}, "stop") },
  { what: "a cut", text: event({ content: "Ye" }) + event({}, "length", { usage }) },
  { what: "no delta", text: event({ content: "Yes." }) + event(null, "stop") },
  { what: "thoughts", text: event({ reasoning: "hm" }) + event({ content: "Yes." }, "stop") },
];

for (const { what, text } of streams)
  test(`a stream with ${what} is told as the package tells it`, async () => {
    const { plain, packaged } = await asked(callOf({ onDelta }), (response) =>
      response.writeHead(200, { "content-type": "text/event-stream" }).end(text),
    );
    assert.deepEqual(plain, packaged);
  });

const broken: readonly { what: string; text: string; says: RegExp; heard: number }[] = [
  { what: "no reason", text: event({ content: "Ye" }), says: /ended before its end/, heard: 1 },
  {
    what: "an error after words",
    text: `${event({ content: "Ye" })}data: {"error":{"message":"gone: ${secret}"}}\n\n${event({}, "stop")}`,
    says: /gone: \[secret\]/,
    heard: 1,
  },
  { what: "no JSON", text: `data: {oops\n\n${event({}, "stop")}`, says: /not JSON/, heard: 0 },
  { what: "another shape", text: 'data: {"hello":1}\n\n', says: /not a chat completion/, heard: 0 },
  { what: "another delta", text: event("Ye", "stop"), says: /not a chat completion/, heard: 0 },
  { what: "no events", text: JSON.stringify(completion("Yes.")), says: /ended before its end/, heard: 0 },
  {
    what: "a tool that nobody offered",
    text: event({ tool_calls: [{ index: 0, id: "1", function: { name: "x", arguments: "" } }] }),
    says: /offered none/,
    heard: 0,
  },
];

for (const { what, text, says, heard } of broken)
  test(`a stream with ${what} is no answer`, async () => {
    const { plain } = await asked(callOf({ onDelta }), (response) =>
      response.writeHead(200, { "content-type": "text/event-stream" }).end(text),
    );
    assert.deepEqual(
      [plain.code, plain.retry, plain.heard.length],
      ["MODEL_ANSWER_MALFORMED", "server", heard],
    );
    assert.match(plain.message ?? "", says);
  });

test("an answer in one large piece is heard whole and in order", async () => {
  const words = Array.from({ length: 2_000 }, (_, index) => `word${index} `);
  const text = words.map((content) => event({ content })).join("") + event({}, "stop");
  const { plain } = await asked(callOf({ onDelta }), (response) =>
    response.writeHead(200, { "content-type": "text/event-stream" }).end(text),
  );
  assert.equal(plain.reply?.value, words.join(""));
  assert.equal(plain.heard.length, words.length);
});

test("tools, images and vectors are none of its business", () => {
  const tools = [{ name: "find", parameters: { type: "object" } }];
  const image = { type: "image", url: "https://example.org/a.png" } as const;
  assert.equal(isPlain(callOf()), true);
  assert.equal(isPlain(callOf({ tools })), false);
  assert.equal(isPlain(callOf({ embed: ["a"] })), false);
  assert.equal(isPlain(callOf({ messages: [{ role: "user", content: [image] }] })), false);
  assert.equal(isPlain(callOf({ messages: [{ role: "tool", content: "4", toolCallId: "1" }] })), false);
});
