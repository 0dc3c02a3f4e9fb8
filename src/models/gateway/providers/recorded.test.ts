import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FlyballError, type Json } from "../../../core/base/index.ts";
import type { ModelCall, ModelDelta, ModelReply } from "../model.ts";
import { callOf, fakeProvider, gatewayOf } from "../testing.ts";

// Answers as the providers' own references show them, byte for byte as they come; CONTRIBUTING.md says how
// to record one. A file that ends in `.sse` is a stream.

type Type = "openai" | "anthropic" | "google" | "openai-compatible";

interface Replayed {
  readonly reply?: ModelReply;
  readonly error?: FlyballError;
  readonly heard: readonly ModelDelta[];
}

async function replay(
  file: string,
  { type, status = 200, call = {} }: { type: Type; status?: number; call?: Partial<ModelCall> },
): Promise<Replayed> {
  const body = readFileSync(join(import.meta.dirname, "recorded", file));
  const stream = file.endsWith(".sse");
  const provider = await fakeProvider((_, response) =>
    response
      .writeHead(status, { "content-type": stream ? "text/event-stream" : "application/json" })
      .end(body),
  );
  const { gateway, assets } = gatewayOf(
    { providers: { p: { type, url: provider.url } } },
    { secrets: () => "key" },
  );
  const asset = assets.find("model", "p/m-1");
  assert.ok(asset);
  const heard: ModelDelta[] = [];
  const asked = callOf({ ...(stream ? { onDelta: (delta) => heard.push(delta) } : {}), ...call });
  try {
    return { reply: await gateway.modelOf(asset)(asked), heard };
  } catch (error) {
    assert.ok(error instanceof FlyballError, String(error));
    return { error, heard };
  } finally {
    await provider.close();
  }
}

const tokens = (input: number, cached: number, output: number, reasoning: number) => ({
  input,
  cached,
  output,
  reasoning,
});

const answers: readonly {
  file: string;
  type: Type;
  value: Json;
  tokens: ModelReply["tokens"];
  toolCalls?: ModelReply["toolCalls"];
}[] = [
  {
    file: "openai-chat.json",
    type: "openai",
    value: "Your parcel left the depot this morning.",
    tokens: tokens(86, 1_920, 44, 256),
  },
  {
    file: "openai-tools.sse",
    type: "openai",
    value: "",
    tokens: tokens(120, 0, 37, 0),
    toolCalls: [
      { id: "call_Vx1", name: "find_order", arguments: '{"number": "A 17"}' },
      { id: "call_Vx2", name: "opening_hours", arguments: "{}" },
    ],
  },
  {
    file: "compatible-ollama.sse",
    type: "openai-compatible",
    value: "It is on its way.",
    tokens: tokens(26, 0, 19, 0),
  },
  {
    file: "anthropic-message.json",
    type: "anthropic",
    value: "I will look that up.",
    // What is written into the cache is read afresh as well.
    tokens: { ...tokens(21, 1024, 393, 0), cacheWrite: 188 },
    toolCalls: [{ id: "toolu_01A", name: "find_order", arguments: '{"number":"A 17"}' }],
  },
  {
    file: "anthropic-thinking.sse",
    type: "anthropic",
    value: "It left this morning.",
    tokens: tokens(25, 2_048, 12, 48),
  },
  {
    file: "anthropic-tool.sse",
    type: "anthropic",
    value: "One moment.",
    tokens: tokens(472, 0, 89, 0),
    toolCalls: [{ id: "toolu_01T", name: "find_order", arguments: '{"number": "A 17"}' }],
  },
  {
    file: "google-generate.json",
    type: "google",
    value: "It left this morning.",
    tokens: tokens(176, 1_024, 12, 128),
  },
  {
    file: "google-tool.sse",
    type: "google",
    value: "One moment.",
    tokens: tokens(61, 0, 18, 62),
    toolCalls: [{ id: "4f3a", name: "find_order", arguments: '{"number":"A 17"}' }],
  },
];

for (const { file, type, value, tokens: counted, toolCalls } of answers)
  test(`${file}: the answer, its tool calls, and its tokens in disjoint parts`, async () => {
    const { reply, error, heard } = await replay(file, { type });
    assert.equal(error, undefined);
    assert.deepEqual([reply?.value, reply?.toolCalls, reply?.tokens], [value, toolCalls, counted]);
    assert.deepEqual([reply?.provider, reply?.model, reply?.simulated], ["p", "m-1", false]);
    if (file.endsWith(".sse")) assert.deepEqual(putTogether(heard), { text: value, calls: toolCalls ?? [] });
  });

/** What a listener has at the end, who knows nothing but what was told. */
function putTogether(heard: readonly ModelDelta[]) {
  const calls: { id: string; name: string; arguments: string }[] = [];
  let text = "";
  for (const delta of heard) {
    if (delta.type === "text") text += delta.text;
    else if (delta.id !== undefined && delta.name !== undefined)
      calls[delta.index] = { id: delta.id, name: delta.name, arguments: delta.arguments };
    else {
      const call = calls[delta.index];
      assert.ok(call, "the first piece of a call has its id and name");
      call.arguments += delta.arguments;
    }
  }
  return { text, calls };
}

const failures: readonly {
  file: string;
  type: Type;
  status?: number;
  code: string;
  retry: string | null;
  retryAfterMs?: number;
  says?: RegExp;
}[] = [
  { file: "openai-refusal.json", type: "openai", code: "MODEL_ANSWER_CUT", retry: null },
  { file: "openai-quota.json", type: "openai", status: 429, code: "MODEL_QUOTA_SPENT", retry: null },
  {
    file: "anthropic-overloaded.sse",
    type: "anthropic",
    code: "MODEL_SERVER_FAILED",
    retry: "server",
    says: /529: Overloaded/,
  },
  { file: "anthropic-credit.json", type: "anthropic", status: 400, code: "MODEL_QUOTA_SPENT", retry: null },
  { file: "google-blocked.json", type: "google", code: "MODEL_ANSWER_CUT", retry: null },
  {
    file: "google-rate.json",
    type: "google",
    status: 429,
    code: "MODEL_RATE_LIMITED",
    retry: "rate_limit",
    retryAfterMs: 34_070,
  },
  { file: "google-key.json", type: "google", status: 400, code: "MODEL_AUTH_FAILED", retry: null },
];

for (const { file, type, status, code, retry, retryAfterMs, says } of failures)
  test(`${file}: ${code}`, async () => {
    const { reply, error } = await replay(file, { type, ...(status === undefined ? {} : { status }) });
    assert.equal(reply, undefined);
    assert.deepEqual([error?.code, error?.retry, error?.retryAfterMs], [code, retry, retryAfterMs ?? null]);
    assert.match(error?.message ?? "", says ?? /^p\/m-1: /);
  });

test("an error in the middle of a stream comes after what was heard", async () => {
  const { heard } = await replay("anthropic-overloaded.sse", { type: "anthropic" });
  assert.deepEqual(heard, [{ type: "text", text: "Your refund of" }]);
});

for (const { file, type, counted } of [
  { file: "openai-embeddings.json", type: "openai", counted: tokens(8, 0, 0, 0) },
  { file: "openai-embeddings.json", type: "openai-compatible", counted: tokens(8, 0, 0, 0) },
  { file: "google-embeddings.json", type: "google", counted: null },
] as const)
  test(`${file} (${type}): a vector for each text`, async () => {
    const { reply } = await replay(file, { type, call: { messages: [], embed: ["a", "b"] } });
    assert.ok(Array.isArray(reply?.value));
    assert.deepEqual(
      reply.value.map((vector) => Array.isArray(vector) && vector.length),
      [3, 3],
    );
    assert.deepEqual(reply.tokens, counted);
    const { error } = await replay(file, { type, call: { messages: [], embed: ["a", "b", "c"] } });
    assert.equal(error?.code, "MODEL_ANSWER_MALFORMED");
  });
