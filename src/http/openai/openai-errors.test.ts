import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { DiskFull } from "../../core/journal/index.ts";
import type { Behaviour } from "../../models/gateway/testing/faulty-provider.ts";
import { setup } from "./testing.ts";

const user = (content: string) => [{ role: "user" as const, content }];
const ask = { model: "small", messages: user("Hi") };
const text = "Your parcel is on its way and arrives tomorrow.";

const failing: Behaviour = { fault: "unauthorized" };

/** What the client throws. */
async function errorOf(asking: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await asking;
  } catch (error) {
    assert.ok(error instanceof OpenAI.APIError, String(error));
    return error;
  }
  return assert.fail("it was answered");
}

test("what a provider says becomes the client's own errors, streaming and not", async (t) => {
  const expected = {
    rate_limited: [OpenAI.RateLimitError, "rate_limit_exceeded"],
    unauthorized: [OpenAI.AuthenticationError, "model_auth_failed"],
    not_found: [OpenAI.NotFoundError, "model_not_found"],
    server_error: [OpenAI.InternalServerError, "model_server_failed"],
    malformed_json: [OpenAI.InternalServerError, "model_answer_malformed"],
    reset_before_headers: [OpenAI.InternalServerError, "model_unreachable"],
  } as const;
  for (const [fault, [type, code]] of Object.entries(expected)) {
    const headers = fault === "rate_limited" ? { "retry-after": "7" } : {};
    const { client, engine } = await setup(t, () => ({ fault: fault as keyof typeof expected, headers }));
    for (const stream of [false, true]) {
      // A stream that breaks off after its first words is another test.
      if (stream && fault === "malformed_json") continue;
      const error = await errorOf(client.chat.completions.create({ ...ask, model: "quick", stream }));
      assert.ok(error instanceof type, `${fault}: ${error.constructor.name}`);
      assert.equal(error.code, code);
      assert.equal(error.headers?.get("retry-after") ?? null, fault === "rate_limited" ? "7" : null);
    }
    const [row] = engine.control.runs({ workflow: "openai", limit: 1 });
    assert.equal(row?.status, "failed");
  }
});

test("a stream that breaks off says so after what was said, and its run has failed", async (t) => {
  const { client, run } = await setup(t, () => ({ fault: "reset_mid_body" }));
  const { data, response } = await client.chat.completions.create({ ...ask, stream: true }).withResponse();
  const said: string[] = [];
  const error = await errorOf(
    (async () => {
      for await (const chunk of data) said.push(chunk.choices[0]?.delta.content ?? "");
    })(),
  );
  assert.ok(said.join("") !== "" && text.startsWith(said.join("")));
  assert.equal(error.code, "model_unreachable");
  assert.equal((await run(response.headers.get("x-flyball-run-id"))).status, "failed");
});

test("an answer that was cut is told as such, and its run has failed", async (t) => {
  const { client, run } = await setup(t, () => ({ text: "Your parcel", finish: "length" }));
  const whole = await client.chat.completions.create(ask);
  assert.deepEqual(
    [whole.choices[0]?.message.content, whole.choices[0]?.finish_reason],
    ["Your parcel", "length"],
  );
  assert.equal((await run(whole.id.replace("chatcmpl-", ""))).error?.code, "MODEL_ANSWER_CUT");
  const streamed = await client.chat.completions.stream(ask).finalChatCompletion().catch(String);
  assert.match(JSON.stringify(streamed), /length/i);
});

test("hanging up in the middle of a stream ends the provider's call, and the run is cancelled", async (t) => {
  const { client, provider, engine } = await setup(t, () => ({ betweenMs: 20, text: "word ".repeat(200) }));
  const hungUp = new Promise<void>((resolve) => provider.onHangUp(resolve));
  const stream = await client.chat.completions.create({ ...ask, stream: true });
  let id = "";
  for await (const chunk of stream) {
    id = chunk.id.replace("chatcmpl-", "");
    if (chunk.choices[0]?.delta.content) stream.controller.abort();
  }
  await hungUp;
  await recorded(engine, id);
  assert.equal(engine.control.run(id)?.status, "cancelled");
});

test("hanging up before a whole answer ends the provider's call too", async (t) => {
  const { client, provider, engine } = await setup(t, () => ({ fault: "silent" }));
  const hungUp = new Promise<void>((resolve) => provider.onHangUp(resolve));
  const abort = new AbortController();
  const asking = client.chat.completions.create(ask, { signal: abort.signal });
  while (provider.requestCount() === 0) await new Promise(setImmediate);
  abort.abort();
  await assert.rejects(asking, OpenAI.APIUserAbortError);
  await hungUp;
  while (engine.control.runs({ limit: 1 }).length === 0) await new Promise(setImmediate);
  assert.equal(engine.control.runs({ limit: 1 })[0]?.status, "cancelled");
});

async function recorded(engine: Awaited<ReturnType<typeof setup>>["engine"], id: string): Promise<void> {
  while (!engine.control.run(id)) await new Promise(setImmediate);
}

test("the same Idempotency-Key gives the recorded answer again, and asks once", async (t) => {
  const { client, provider } = await setup(t, ({ index }) => (index === 0 ? failing : {}));
  const headers = { "Idempotency-Key": "order-7" };
  await errorOf(client.chat.completions.create(ask, { headers }));
  const both = await Promise.all(
    [0, 1, 2].map(() => client.chat.completions.create(ask, { headers }).withResponse()),
  );
  const [first] = both;
  for (const { data } of both) assert.deepEqual(data, first?.data);
  assert.deepEqual(both.map(({ response }) => response.headers.get("x-flyball-cache")).sort(), [
    "off",
    "replay",
    "replay",
  ]);
  const streamed = await client.chat.completions.create({ ...ask, stream: true }, { headers });
  let said = "";
  for await (const chunk of streamed) said += chunk.choices[0]?.delta.content ?? "";
  assert.equal(said, text);
  assert.equal(provider.requestCount(), 2);
  const [failed, answered] = provider.seen.map((request) => request.headers["idempotency-key"]);
  assert.equal(failed, answered);
  const reused = await errorOf(client.chat.completions.create({ ...ask, seed: 1 }, { headers }));
  assert.deepEqual([reused.status, reused.code], [422, "idempotency_key_reused"]);
});

test("what cannot be honoured is refused by its name; what changes nothing is ignored", async (t) => {
  const { client, url } = await setup(t);
  const refused: [object, string][] = [
    [{ n: 2 }, "n"],
    [{ logprobs: true }, "logprobs"],
    [{ frequency_penalty: 1 }, "frequency_penalty"],
    [{ logit_bias: { 50256: -100 } }, "logit_bias.50256"],
    [{ reasoning_effort: "high" }, "reasoning_effort"],
    [{ temperature: 3 }, "temperature"],
    [{ max_tokens: 0 }, "max_tokens"],
    [{ messages: [] }, "messages"],
    [{ messages: [{ role: "robot", content: "Hi" }] }, "messages[0].role"],
    [{ messages: [{ role: "user" }] }, "messages[0].content"],
    [{ tool_choice: "required" }, "tool_choice"],
    [{ unheard_of: 1 }, "unheard_of"],
    [
      { response_format: { type: "json_schema", json_schema: { name: "x", schema: { type: "array" } } } },
      "response_format.json_schema.schema",
    ],
  ];
  for (const [changes, param] of refused) {
    const error = await errorOf(client.chat.completions.create({ ...ask, ...changes } as typeof ask));
    assert.ok(error instanceof OpenAI.BadRequestError, param);
    assert.deepEqual([error.param, error.type], [param, "invalid_request_error"]);
  }
  const same = {
    n: 1,
    logprobs: false,
    presence_penalty: 0,
    logit_bias: {},
    store: true,
    seed: null,
    user: "u",
  };
  assert.ok(await client.chat.completions.create({ ...ask, ...same }));
  const unknown = await errorOf(client.chat.completions.create({ ...ask, model: "gpt-9" }));
  assert.ok(unknown instanceof OpenAI.NotFoundError);
  assert.equal(unknown.code, "model_not_found");
  for (const path of ["/nothing", "/chat/nothing"]) {
    const { error } = Object(await (await fetch(url + path)).json());
    assert.deepEqual([error.type, error.code], ["invalid_request_error", "not_found"]);
  }
});

test("tags are taken in bounds", async (t) => {
  const { client, engine } = await setup(t);
  const many = Array.from({ length: 21 }, (_, index) => `t${index}=1`).join(",");
  for (const tags of ["tenant", "=a", "a=", "a=1,a=2", "9=x", `a=${"x".repeat(201)}`, many]) {
    const error = await errorOf(client.chat.completions.create(ask, { headers: { "x-flyball-tags": tags } }));
    assert.deepEqual([error.status, error.param], [400, "x-flyball-tags"], tags);
  }
  assert.equal(engine.control.runs({ limit: 1 }).length, 0);
});

test("bodies have a limit, and must be JSON of this machine's own clients", async (t) => {
  const { url } = await setup(t);
  const post = async (body: string, headers: Record<string, string> = {}) => {
    const all = { "content-type": "application/json", ...headers };
    const response = await fetch(`${url}/chat/completions`, { method: "POST", body, headers: all });
    return [response.status, Object(await response.json()).error.code];
  };
  assert.deepEqual(await post("{"), [400, "request_invalid"]);
  assert.deepEqual(await post("[]"), [400, "parameter_invalid"]);
  assert.deepEqual(await post("{}", { "content-type": "text/plain" }), [400, "request_invalid"]);
  assert.deepEqual(await post("{}", { origin: "http://evil.example" }), [403, "origin_refused"]);
  assert.deepEqual(await post(" ".repeat(20 * 1024 * 1024 + 1)), [413, "body_too_large"]);
});

test("a model that is switched off answers 503, and one stopped under way is broken off", async (t) => {
  const { client, engine, provider } = await setup(t, () => ({ fault: "silent" }));
  const turn = (off: "drain" | "stop" | null) =>
    engine.executor.turn("model/house/small-1", { off, by: "local", reason: "test" });
  const asking = errorOf(client.chat.completions.create(ask));
  while (provider.requestCount() === 0) await new Promise(setImmediate);
  await turn("stop");
  for (const error of [await asking, await errorOf(client.chat.completions.create(ask))])
    assert.deepEqual([error.status, error.code], [503, "switched_off"]);
  assert.equal(provider.requestCount(), 1);
});

test("spent money is 402 budget_exceeded, which clients do not ask again", async (t) => {
  const budget = "[{ name: house-rule, by: tenant, limit: $0.0003, period: day }]";
  const { provider, url } = await setup(t, undefined, budget);
  const client = new OpenAI({ baseURL: url, apiKey: "unused", maxRetries: 2 });
  const limited = { ...ask, max_tokens: 50 };
  const asTenant = (tenant: string) => ({ headers: { "x-flyball-tags": `tenant=${tenant}` } });
  const outcomes = [];
  for (let call = 0; call < 4; call++)
    outcomes.push(await client.chat.completions.create(limited, asTenant("acme")).catch((error) => error));
  const refused = outcomes.filter((outcome) => outcome instanceof OpenAI.APIError);
  assert.ok(refused.length > 0 && refused.length < 4);
  for (const { status, code, type } of refused)
    assert.deepEqual([status, code, type], [402, "budget_exceeded", "insufficient_quota"]);
  assert.equal(provider.requestCount(), 4 - refused.length);
  assert.ok(await client.chat.completions.create(limited, asTenant("other")));
});

test("what cannot be recorded is not answered", async (t) => {
  const { client, engine } = await setup(t);
  await client.chat.completions.create(ask);
  t.mock.method(engine.journal, "append", () => Promise.reject(new DiskFull("/data")));
  const error = await errorOf(client.chat.completions.create(ask));
  assert.deepEqual([error.status, error.code], [507, "disk_full"]);
  const ends: unknown[] = [];
  const stream = await client.chat.completions.create({ ...ask, stream: true });
  const broken = await errorOf(
    (async () => {
      for await (const { choices } of stream) ends.push(choices[0]?.finish_reason);
    })(),
  );
  assert.equal(broken.code, "disk_full");
  assert.ok(ends.every((end) => end === null));
});

test("a call is not begun again from a step, and the problem says what to do instead", async (t) => {
  const { client, engine, url } = await setup(t);
  await client.chat.completions.create(ask);
  const [row] = engine.control.runs({ workflow: "openai", limit: 1 });
  const answer = await fetch(new URL(`/v1/runs/${row?.id}/restart`, url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ from: "answer" }),
  });
  const problem = Object(await answer.json());
  assert.deepEqual([answer.status, problem.code], [409, "CALL_NOT_RESTARTABLE"]);
  assert.match(problem.detail, /make the request again/);
});

test("a call that failed although it was paid for costs what was paid, in its row too", async (t) => {
  const { client, engine } = await setup(t, () => ({ text: "Your parcel", finish: "length" }));
  await client.chat.completions.create(ask);
  const [row] = engine.control.runs({ workflow: "openai", limit: 1 });
  assert.equal(row?.status, "failed");
  assert.ok(Number(row.costUsd) > 0, `cost ${row?.costUsd}`);
});
