import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { type JsonObject, systemClock } from "../../../core/base/index.ts";
import {
  type Behaviour,
  type FaultKind,
  type FaultyProvider,
  faultKinds,
  type ProtocolName,
  startFaultyProvider,
} from "./faulty-provider.ts";

const asking: Record<ProtocolName, (stream: boolean) => { path: string; body: JsonObject }> = {
  openai: (stream) => ({ path: "/chat/completions", body: { model: "m-1", messages: [], stream } }),
  anthropic: (stream) => ({ path: "/messages", body: { model: "m-1", max_tokens: 9, messages: [], stream } }),
  google: (stream) => ({
    path: `/models/m-1:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
    body: { contents: [] },
  }),
};
const protocols: readonly ProtocolName[] = ["openai", "anthropic", "google"];

function ask(provider: FaultyProvider, protocol: ProtocolName, stream: boolean): Promise<Response> {
  const { path, body } = asking[protocol](stream);
  const init = { method: "POST", body: JSON.stringify(body) };
  return fetch(provider.urls[protocol] + path, init);
}

async function provided(
  behaviour: Behaviour,
  use: (provider: FaultyProvider) => Promise<void>,
): Promise<void> {
  const provider = await startFaultyProvider({ script: () => behaviour });
  try {
    await use(provider);
  } finally {
    await provider.close();
  }
}

const tool = { id: "call_1", name: "look_up", arguments: '{"order": "A 17"}' };
const answer = {
  text: "One moment, please.",
  toolCalls: [tool],
  tokens: { input: 7, cached: 5, output: 3, reasoning: 2 },
};

for (const protocol of protocols)
  test(`${protocol}: an answer has what was scripted, whole and as a stream of its pieces`, () =>
    provided(answer, async (provider) => {
      const whole = await (await ask(provider, protocol, false)).text();
      for (const part of [answer.text, "look_up", "A 17"]) assert.ok(whole.includes(part), part);
      const response = await ask(provider, protocol, true);
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      const streamed = await response.text();
      for (const part of ["One", " moment,", " please.", "look_up"])
        assert.ok(streamed.includes(JSON.stringify(part)), part);
      assert.deepEqual(
        provider.seen.map(({ index, stream, model, operation }) => [index, stream, model, operation]),
        [
          [0, false, "m-1", "chat"],
          [1, true, "m-1", "chat"],
        ],
      );
    }));

test("OpenAI's own client understands it", () =>
  provided(answer, async ({ urls }) => {
    const client = new OpenAI({ baseURL: urls.openai, apiKey: "none", maxRetries: 0 });
    const asked = { model: "m-1", messages: [{ role: "user" as const, content: "Hello" }] };
    const whole = await client.chat.completions.create(asked);
    const { message, finish_reason } = whole.choices[0] ?? {};
    assert.deepEqual([message?.content, finish_reason], [answer.text, "tool_calls"]);
    const stream = client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
    const streamed = await stream.finalChatCompletion();
    assert.deepEqual(streamed.choices[0]?.message.tool_calls?.[0], {
      id: tool.id,
      type: "function",
      function: { name: tool.name, arguments: tool.arguments },
    });
    assert.deepEqual(streamed.usage, whole.usage);
    const { data } = await client.embeddings.create({
      model: "e",
      input: ["a", "b"],
      encoding_format: "float",
    });
    assert.equal(data.length, 2);
  }));

test("texts become vectors, the same for the same text", () =>
  provided({}, async (provider) => {
    const embed = async (path: string, body: JsonObject) =>
      (await fetch(path, { method: "POST", body: JSON.stringify(body) })).json();
    const { data } = Object(
      await embed(`${provider.urls.openai}/embeddings`, { model: "e", input: ["a", "b", "a"] }),
    );
    assert.deepEqual(data[0].embedding, data[2].embedding);
    assert.notDeepEqual(data[0].embedding, data[1].embedding);
    const requests = ["a", "b"].map((text) => ({ content: { parts: [{ text }] } }));
    const google = Object(await embed(`${provider.urls.google}/models/e:batchEmbedContents`, { requests }));
    assert.deepEqual(google.embeddings[0].values, data[0].embedding);
  }));

/** What a client without any library sees of a fault. */
const seenOf: Record<FaultKind, RegExp> = {
  rate_limited: /^429 /,
  server_error: /^500 /,
  overloaded: /^503 /,
  unauthorized: /^401 /,
  not_found: /^404 /,
  reset_before_headers: /^broken off/,
  reset_mid_body: /^200 .*broken off/s,
  slow: /^200 .{1,2}still open$/s,
  silent: /^still open$/,
  stalled: /^200 .{20,}still open$/s,
  cut: /^200 .{20,} ended$/s,
  malformed_json: /^200 .*\{"?oops/s,
  malformed_sse: /^200 data: .* ended$|^200 event: .* ended$/s,
  wrong_content_type: /^200 <html>/,
  error_body: /^200 .*scripted: error_body/s,
  empty_choices: /^200 .* ended$/s,
  huge_body: /^200 .{1000000}.*still open$/s,
};

/** Reads until the end, a break, or what `seen` says of an answer that is still open. */
async function observed(response: Promise<Response>, seen: RegExp): Promise<string> {
  const isSeen = (text: string) => seen.test(`${text}still open`);
  let text = "";
  try {
    const silence = new Promise<"silence">((resolve) => systemClock.after(300, () => resolve("silence")));
    const answered = await (isSeen("") ? Promise.race([response, silence]) : response);
    if (answered === "silence") return "still open";
    text = `${answered.status} `;
    const reader = answered.body?.pipeThrough(new TextDecoderStream()).getReader();
    while (!isSeen(text)) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: "" };
      if (done) return `${text} ended`;
      text += value;
    }
    void reader?.cancel().catch(() => {});
    return `${text}still open`;
  } catch {
    return `${text}broken off`;
  }
}

for (const fault of faultKinds)
  test(`the fault ${fault} is what it says, in every protocol, streaming and not`, () =>
    provided({ fault }, async (provider) => {
      await Promise.all(
        protocols.flatMap((protocol) =>
          [true, false].map(async (stream) =>
            assert.match(
              await observed(ask(provider, protocol, stream), seenOf[fault]),
              seenOf[fault],
              protocol,
            ),
          ),
        ),
      );
    }));
