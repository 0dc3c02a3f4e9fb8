import assert from "node:assert/strict";
import { test } from "node:test";
import type OpenAI from "openai";
import { completion, respond } from "../../models/gateway/testing.ts";
import { setup } from "./testing.ts";

const user = (content: string) => [{ role: "user" as const, content }];

test("the official client gets a completion, and the call is a run", async (t) => {
  const { client, run, engine, provider } = await setup(t, (_, response) =>
    respond(response, 200, completion("Hello.")),
  );
  const { data, response } = await client.chat.completions
    .create(
      { model: "house/small-1", messages: user("Hi"), temperature: 0.5, max_completion_tokens: 7, user: "u" },
      { headers: { "x-flyball-tags": "tenant=acme, feature=search" } },
    )
    .withResponse();
  assert.equal(data.choices[0]?.message.content, "Hello.");
  assert.equal(data.choices[0]?.finish_reason, "stop");
  assert.deepEqual(
    [data.usage?.prompt_tokens, data.usage?.completion_tokens, data.usage?.total_tokens],
    [100, 20, 120],
  );
  assert.equal(data.usage?.prompt_tokens_details?.cached_tokens, 40);
  assert.equal(provider.seen[0]?.body.temperature, 0.5);
  assert.equal(provider.seen[0]?.body.max_tokens, 7);
  const id = response.headers.get("x-flyball-run-id");
  assert.equal(response.headers.get("x-flyball-model"), "house/small-1");
  assert.equal(data.id, `chatcmpl-${id}`);
  const view = await run(id);
  assert.deepEqual(
    [view.status, view.started?.workflow, view.output, view.started?.tags],
    ["completed", "openai", "Hello.", { tenant: "acme", feature: "search" }],
  );
  assert.deepEqual(
    view.steps.map(({ path, kind, status, result }) => [path, kind, status, result?.value]),
    [["answer", "inference", "completed", "Hello."]],
  );
  assert.equal(engine.control.runs({ workflow: "openai", limit: 10 })[0]?.id, id);
});

test("a stream comes as it is said, and ends with usage and what it cost", async (t) => {
  const { client, run } = await setup(t, (_, response) => respond(response, 200, completion("Hello.")));
  const { data, response } = await client.chat.completions
    .create({
      model: "small",
      messages: user("Hi"),
      stream: true,
      stream_options: { include_usage: true },
    })
    .withResponse();
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of data) chunks.push(chunk);
  assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join(""), "Hello.");
  assert.equal(chunks.at(-2)?.choices[0]?.finish_reason, "stop");
  assert.deepEqual([chunks.at(-1)?.choices, chunks.at(-1)?.usage?.total_tokens], [[], 120]);
  const id = response.headers.get("x-flyball-run-id");
  const about = Object(chunks.at(-2)).flyball;
  assert.deepEqual(
    [about.run_id, about.model, about.cost, about.cache],
    [id, "house/small-1", 0.00014, "off"],
  );
  assert.equal((await run(id)).status, "completed");
});
