import assert from "node:assert/strict";
import { test } from "node:test";
import type OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { createApp } from "../app.ts";
import { setup } from "./testing.ts";

const user = (content: string) => [{ role: "user" as const, content }];
const text = "Your parcel is on its way and arrives tomorrow.";
const weather = {
  type: "function" as const,
  function: {
    name: "weather",
    description: "The weather of a place",
    parameters: { type: "object", properties: { place: { type: "string" } }, required: ["place"] },
  },
};
const toolCall = { id: "call_1", name: "weather", arguments: '{"place":"Berne"}' };

test("the official client gets a completion, and the call is a run", async (t) => {
  const { client, run, engine, provider } = await setup(t);
  const { data, response } = await client.chat.completions
    .create(
      {
        model: "small",
        messages: user("Hi"),
        temperature: 0.5,
        max_completion_tokens: 7,
        stop: "x",
        user: "u",
      },
      { headers: { "x-flyball-tags": "tenant=acme, feature=search" } },
    )
    .withResponse();
  assert.equal(data.choices[0]?.message.content, text);
  assert.equal(data.choices[0]?.finish_reason, "stop");
  const { usage } = data;
  assert.deepEqual([usage?.prompt_tokens, usage?.completion_tokens, usage?.total_tokens], [100, 20, 120]);
  assert.equal(usage?.prompt_tokens_details?.cached_tokens, 40);
  assert.equal(usage?.completion_tokens_details?.reasoning_tokens, 5);
  const { temperature, max_tokens: maxTokens, stop } = provider.seen[0]?.body ?? {};
  assert.deepEqual([temperature, maxTokens, stop], [0.5, 7, ["x"]]);
  const id = response.headers.get("x-flyball-run-id");
  assert.deepEqual(
    ["model", "cost", "cache"].map((name) => response.headers.get(`x-flyball-${name}`)),
    ["house/small-1", "0.00012", "off"],
  );
  assert.equal(data.id, `chatcmpl-${id}`);
  const view = await run(id);
  assert.deepEqual(
    [view.status, view.started?.workflow, view.output, view.started?.tags, view.costUsd],
    ["completed", "openai", text, { tenant: "acme", feature: "search" }, 0.00012],
  );
  assert.deepEqual(
    view.steps.map(({ path, kind, status, result }) => [path, kind, status, result?.value]),
    [["answer", "inference", "completed", text]],
  );
  assert.equal(engine.control.runs({ workflow: "openai", limit: 10 })[0]?.id, id);
  assert.equal(view.started?.release, engine.control.run(id ?? "")?.release);
});

test("a call from within the process is answered as one over a connection is", async (t) => {
  const { engine, assets } = await setup(t);
  const app = createApp({ engine, assets: () => assets, isLocal: true });
  const ask = async (more: object) => {
    const body = JSON.stringify({ model: "small", messages: user("Hi"), ...more });
    const headers = { "content-type": "application/json" };
    return app.request("/openai/v1/chat/completions", { method: "POST", headers, body });
  };
  const whole = await ask({});
  assert.equal(Object(await whole.json()).choices[0].message.content, text);
  assert.equal(engine.control.run(whole.headers.get("x-flyball-run-id") ?? "")?.status, "completed");
  const stream = await ask({ stream: true });
  assert.match(stream.headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.match(await stream.text(), /"finish_reason":"stop".*\n\ndata: \[DONE\]\n\n$/s);
});

test("a stream comes as it is said, and ends with usage and what it cost", async (t) => {
  const { client, run } = await setup(t, () => ({ betweenMs: 5 }));
  const { data, response } = await client.chat.completions
    .create({ model: "small", messages: user("Hi"), stream: true, stream_options: { include_usage: true } })
    .withResponse();
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of data) chunks.push(chunk);
  const contents = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").filter(Boolean);
  assert.ok(contents.length > 3);
  assert.equal(contents.join(""), text);
  assert.equal(chunks[0]?.choices[0]?.delta.role, "assistant");
  assert.equal(chunks.at(-2)?.choices[0]?.finish_reason, "stop");
  assert.deepEqual([chunks.at(-1)?.choices, chunks.at(-1)?.usage?.total_tokens], [[], 120]);
  const id = response.headers.get("x-flyball-run-id");
  assert.ok(chunks.every((chunk) => chunk.id === `chatcmpl-${id}`));
  assert.deepEqual(Object(chunks.at(-2)).flyball, {
    run_id: id,
    model: "house/small-1",
    cost: 0.00012,
    cache: "off",
  });
  const view = await run(id);
  assert.deepEqual([view.status, view.output], ["completed", text]);
});

test("the end of a stream is sent only once the answer is recorded", async (t) => {
  const { client, engine } = await setup(t);
  const stream = await client.chat.completions.create({ model: "small", messages: user("Hi"), stream: true });
  for await (const chunk of stream)
    if (chunk.choices[0]?.finish_reason) {
      const row = engine.control.run(chunk.id.replace("chatcmpl-", ""));
      assert.equal(row?.status, "completed");
    }
});

test("tools are offered, called and answered, whole and in pieces", async (t) => {
  const { client, provider } = await setup(t, ({ index }) => (index < 2 ? { toolCalls: [toolCall] } : {}));
  const asked = { model: "small", messages: user("Rain?"), tools: [weather] };
  const choice = { type: "function" as const, function: { name: "weather" } };
  const whole = await client.chat.completions.create({ ...asked, tool_choice: choice });
  const message = whole.choices[0]?.message;
  assert.deepEqual(message?.tool_calls, [
    { id: "call_1", type: "function", function: { name: "weather", arguments: '{"place":"Berne"}' } },
  ]);
  assert.deepEqual([message?.content, whole.choices[0]?.finish_reason], [null, "tool_calls"]);
  assert.deepEqual(provider.seen[0]?.body.tool_choice, choice);
  const streamed = await client.chat.completions.stream(asked).finalChatCompletion();
  assert.deepEqual(
    streamed.choices[0]?.message.tool_calls?.map(({ id, type }) => [id, type]),
    [["call_1", "function"]],
  );
  assert.match(JSON.stringify(streamed.choices[0]?.message.tool_calls), /"name":"weather"/);
  assert.equal(streamed.choices[0]?.finish_reason, "tool_calls");
  assert.ok(message);
  const answer = await client.chat.completions.create({
    ...asked,
    messages: [...asked.messages, message, { role: "tool", tool_call_id: "call_1", content: "Rain." }],
  });
  assert.equal(answer.choices[0]?.message.content, text);
  const sent = provider.seen[2]?.body.messages;
  assert.ok(Array.isArray(sent));
  assert.deepEqual(sent.at(-1), { role: "tool", tool_call_id: "call_1", content: "Rain." });
});

test("structured answers are parsed, and mended once when they do not fit", async (t) => {
  const answers = ['{"label": 3}', '{"label": "refund"}', '{"label": "card"}'];
  const { client, provider } = await setup(t, ({ index }) => ({ text: answers[index] ?? "" }));
  const format = zodResponseFormat(z.object({ label: z.string() }), "classified");
  const ask = { model: "small", messages: user("My card"), response_format: format };
  const { choices } = await client.chat.completions.parse(ask);
  assert.deepEqual(choices[0]?.message.parsed, { label: "refund" });
  assert.equal(provider.requestCount(), 2);
  const object = await client.chat.completions.create({ ...ask, response_format: { type: "json_object" } });
  assert.deepEqual(JSON.parse(object.choices[0]?.message.content ?? ""), { label: "card" });
});

test("images reach the provider as they are", async (t) => {
  const { client, provider } = await setup(t);
  const url = `data:image/png;base64,${Buffer.alloc(3 * 1024 * 1024, 7).toString("base64")}`;
  await client.chat.completions.create({
    model: "small",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is it?" },
          { type: "image_url", image_url: { url } },
        ],
      },
    ],
  });
  const [message] = Object(provider.seen[0]?.body).messages;
  assert.deepEqual(
    message.content.map((part: { type: string }) => part.type),
    ["text", "image_url"],
  );
  assert.equal(message.content[1].image_url.url, url);
});

test("embeddings come as numbers, though the client asks for base64", async (t) => {
  const { client, run, url } = await setup(t);
  const { data, response } = await client.embeddings
    .create({ model: "house/vectors", input: ["one", "two", "one"] })
    .withResponse();
  assert.deepEqual(
    data.data.map(({ index, embedding }) => [index, embedding.length]),
    [
      [0, 8],
      [1, 8],
      [2, 8],
    ],
  );
  assert.deepEqual(data.data[0]?.embedding, data.data[2]?.embedding);
  assert.notDeepEqual(data.data[0]?.embedding, data.data[1]?.embedding);
  assert.equal(data.usage.prompt_tokens, 3);
  assert.equal((await run(response.headers.get("x-flyball-run-id"))).status, "completed");
  const plain = await fetch(`${url}/embeddings`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "house/vectors", input: "one" }),
  });
  const { data: floats } = Object(await plain.json());
  assert.deepEqual(floats[0].embedding, data.data[0]?.embedding);
});

test("models are listed and found: routes, models, prompts, and what a provider may have", async (t) => {
  const { client } = await setup(t);
  const names: string[] = [];
  for await (const { id } of client.models.list()) names.push(id);
  assert.deepEqual(names, [
    "route/default",
    "route/drafting",
    "route/quick",
    "small",
    "dummy",
    "local/extractive",
    "local/lexical",
    "prompt/greet",
  ]);
  for (const name of [...names, "house/anything", "drafting"])
    assert.equal((await client.models.retrieve(name)).id, name);
  await assert.rejects(client.models.retrieve("smal"), /Did you mean .*small/);
});

test("a model may be a route, and a route that fails over says who answered", async (t) => {
  const { client, provider } = await setup(t, () => ({ fault: "server_error" }));
  for (const model of ["drafting", "route/drafting"]) {
    const { data, response } = await client.chat.completions
      .create({ model, messages: user("Hi") })
      .withResponse();
    assert.equal(data.choices[0]?.message.content, "[simulated] Hi");
    assert.equal(response.headers.get("x-flyball-model"), "sim/dummy");
  }
  assert.ok(provider.requestCount() >= 2);
});

test("a model may be a prompt: the user's message, metadata and flyball.input are its variables", async (t) => {
  const { client, provider, run } = await setup(t);
  const ask = { model: "prompt/greet", messages: user("Hello"), metadata: { tone: "stern" } };
  const more = { flyball: { input: { count: 3 }, route: "drafting" } };
  const { response } = await client.chat.completions.create({ ...ask, ...more }).withResponse();
  const { messages, temperature } = Object(provider.seen[0]?.body);
  assert.deepEqual(
    [messages, temperature],
    [
      [
        { role: "system", content: "Tone: stern, 3 times." },
        { role: "user", content: "Hello" },
      ],
      0,
    ],
  );
  const view = await run(response.headers.get("x-flyball-run-id"));
  assert.deepEqual(view.started?.input, { ...ask, ...more });
  const history = [...user("Hello"), { role: "assistant" as const, content: "Yes?" }, ...user("Again")];
  await assert.rejects(client.chat.completions.create({ ...ask, messages: history }), { param: "messages" });
  await assert.rejects(
    client.chat.completions.create({ ...ask, flyball: { input: { count: "three" } } } as never),
    /count/,
  );
});

test("no file of the folder is taken for a prompt", async (t) => {
  const { client } = await setup(t);
  for (const name of ["secret.txt", "../secret.txt", "flyball.yaml", "prompts/greet.yaml"])
    await assert.rejects(client.chat.completions.create({ model: `prompt/${name}`, messages: user("Hi") }), {
      code: "model_not_found",
    });
});
