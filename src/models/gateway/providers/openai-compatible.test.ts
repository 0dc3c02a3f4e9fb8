import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { FlyballError, type Json } from "../../../core/base/index.ts";
import type { ModelCall } from "../model.ts";
import {
  callOf,
  completion,
  type FakeProvider,
  fakeProvider,
  gatewayOf,
  respond,
  type SeenRequest,
} from "../testing.ts";

const secret = "sk-very-secret-0123456789";

interface Bundle {
  readonly provider: FakeProvider;
  ask(changes?: Partial<ModelCall>): Promise<Awaited<ReturnType<ReturnType<typeof model>>>>;
  readonly clock: ReturnType<typeof gatewayOf>["clock"];
}

function model(url: string, extra: { [key: string]: Json } = {}) {
  const { gateway, assets, clock } = gatewayOf(
    {
      providers: { house: { type: "openai-compatible", url, key: "{{ secrets.HOUSE_KEY }}", ...extra } },
      models: { small: { provider: "house", name: "small-1", price: { input: "$1/M", output: "$10/M" } } },
    },
    { secrets: (name) => (name === "HOUSE_KEY" ? secret : undefined) },
  );
  const asset = assets.find("model", "small");
  assert.ok(asset);
  return Object.assign(gateway.modelOf(asset), { clock });
}

async function withProvider(
  answer: (request: SeenRequest, response: ServerResponse, index: number) => void,
  use: (bundle: Bundle) => Promise<void>,
  extra: { [key: string]: Json } = {},
): Promise<void> {
  const provider = await fakeProvider(answer);
  const asked = model(provider.url, extra);
  try {
    await use({ provider, ask: (changes) => asked(callOf(changes)), clock: asked.clock });
  } finally {
    await provider.close();
  }
}

async function failure(promise: Promise<unknown>): Promise<FlyballError> {
  const error = await promise.then(
    () => assert.fail("the call answered"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof FlyballError, String(error));
  const everything = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join("\n");
  assert.ok(!everything.includes(secret), "an error holds the secret");
  return error;
}

test("an answer has its text, its tokens in disjoint parts, and its price", () =>
  withProvider(
    (_, response) => respond(response, 200, completion("On its way.")),
    async ({ ask, provider }) => {
      const reply = await ask({
        settings: { temperature: 0, maxTokens: 50, topP: 0.5, seed: 3, stop: ["END"] },
      });
      assert.equal(reply.value, "On its way.");
      assert.deepEqual(reply.tokens, { input: 60, cached: 40, output: 15, reasoning: 5 });
      assert.equal(reply.costUsd, 0.0003);
      assert.deepEqual(
        [reply.provider, reply.model, reply.simulated, reply.confidence],
        ["house", "small-1", false, null],
      );
      const [request] = provider.seen;
      assert.equal(request?.url, "/v1/chat/completions");
      assert.equal(request?.headers.authorization, `Bearer ${secret}`);
      assert.equal(request?.headers["idempotency-key"], "run-1/draft");
      const { temperature, max_tokens, top_p, seed, stop, messages } = request?.body ?? {};
      assert.deepEqual([temperature, max_tokens, top_p, seed, stop], [0, 50, 0.5, 3, ["END"]]);
      assert.deepEqual(messages, [{ role: "user", content: "Where is my parcel?" }]);
    },
  ));

test("what a server does not say is not made up", () =>
  withProvider(
    (_, response) => respond(response, 200, completion("Yes.", { usage: null })),
    async ({ ask }) => {
      const reply = await ask();
      assert.deepEqual([reply.tokens, reply.costUsd], [null, null]);
    },
  ));

const statuses: readonly {
  status: number;
  code: string;
  retry: string | null;
  headers?: Record<string, string>;
  retryAfterMs?: number;
  body?: Json;
}[] = [
  {
    status: 429,
    code: "MODEL_RATE_LIMITED",
    retry: "rate_limit",
    headers: { "retry-after": "7" },
    retryAfterMs: 7_000,
  },
  {
    status: 429,
    code: "MODEL_RATE_LIMITED",
    retry: "rate_limit",
    headers: { "retry-after-ms": "120" },
    retryAfterMs: 120,
  },
  {
    status: 429,
    code: "MODEL_RATE_LIMITED",
    retry: "rate_limit",
    headers: { "retry-after": new Date(Date.UTC(2026, 0, 1, 0, 0, 9)).toUTCString() },
    retryAfterMs: 9_000,
  },
  { status: 429, code: "MODEL_RATE_LIMITED", retry: "rate_limit", headers: { "retry-after": "soon" } },
  {
    status: 429,
    code: "MODEL_QUOTA_SPENT",
    retry: null,
    body: { error: { message: "No.", code: "insufficient_quota" } },
  },
  { status: 402, code: "MODEL_QUOTA_SPENT", retry: null },
  { status: 500, code: "MODEL_SERVER_FAILED", retry: "server" },
  {
    status: 503,
    code: "MODEL_SERVER_FAILED",
    retry: "server",
    headers: { "retry-after": "2" },
    retryAfterMs: 2_000,
  },
  { status: 409, code: "MODEL_SERVER_FAILED", retry: "server" },
  { status: 408, code: "MODEL_TIMEOUT", retry: "timeout" },
  { status: 400, code: "MODEL_REQUEST_REFUSED", retry: null },
  { status: 422, code: "MODEL_REQUEST_REFUSED", retry: null },
  { status: 302, code: "MODEL_REQUEST_REFUSED", retry: null, headers: { location: "http://127.0.0.1:1/" } },
  { status: 401, code: "MODEL_AUTH_FAILED", retry: null },
  { status: 403, code: "MODEL_AUTH_FAILED", retry: null },
  { status: 404, code: "MODEL_NOT_FOUND", retry: null },
];

for (const { status, code, retry, headers, retryAfterMs, body } of statuses)
  test(`status ${status} ${JSON.stringify(headers ?? body ?? "")} is ${code}, asked once`, () =>
    withProvider(
      (_, response) =>
        respond(response, status, body ?? { error: { message: `Wrong key ${secret}!` } }, headers),
      async ({ ask, provider }) => {
        const error = await failure(ask());
        assert.equal(error.code, code);
        assert.equal(error.retry, retry);
        assert.equal(error.retryAfterMs, retryAfterMs ?? null);
        assert.match(error.message, /^house\/small-1: /);
        assert.equal(provider.seen.length, 1);
      },
    ));

const malformed: readonly {
  what: string;
  answer: (response: ServerResponse) => void;
  code?: string;
  says: RegExp;
}[] = [
  { what: "no JSON", answer: (response) => response.writeHead(200).end("{oops"), says: /not JSON/ },
  {
    what: "an HTML page",
    answer: (response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>"),
    says: /not JSON/,
  },
  { what: "an empty body", answer: (response) => response.writeHead(200).end(), says: /not JSON/ },
  {
    what: "no choices",
    answer: (response) => respond(response, 200, completion("", { choices: [] })),
    says: /choices/,
  },
  {
    what: "another shape",
    answer: (response) => respond(response, 200, { hello: 1 }),
    says: /not a chat completion/,
  },
  { what: "no text", answer: (response) => respond(response, 200, completion(null)), says: /no text/ },
  {
    what: "an error with status 200",
    answer: (response) => respond(response, 200, { error: { message: "model overloaded" } }),
    says: /overloaded/,
  },
  {
    what: "more than the limit",
    answer: (response) => {
      response.on("error", () => {});
      response.writeHead(200).end(Buffer.alloc(17 * 1024 * 1024, 32));
    },
    says: /more than \d+ bytes/,
  },
];

for (const { what, answer, says } of malformed)
  test(`${what} is MODEL_ANSWER_MALFORMED`, () =>
    withProvider(
      (_, response) => answer(response),
      async ({ ask }) => {
        const error = await failure(ask());
        assert.deepEqual([error.code, error.retry], ["MODEL_ANSWER_MALFORMED", "server"]);
        assert.match(error.message, says);
      },
    ));

test("an answer that breaks off is a network failure, never an answer", () =>
  withProvider(
    (_, response) => {
      const text = JSON.stringify(completion("Only half of"));
      response.writeHead(200, { "content-type": "application/json", "content-length": String(text.length) });
      response.write(text.slice(0, 50), () => response.destroy());
    },
    async ({ ask }) => {
      const error = await failure(ask());
      assert.deepEqual([error.code, error.retry], ["MODEL_UNREACHABLE", "network"]);
    },
  ));

test("a refused connection is a network failure", async () => {
  const provider = await fakeProvider(() => {});
  await provider.close();
  const error = await failure(model(provider.url)(callOf()));
  assert.deepEqual([error.code, error.retry], ["MODEL_UNREACHABLE", "network"]);
  assert.match(error.message, /ECONNREFUSED/);
});

for (const [finish, code] of [
  ["length", "MODEL_ANSWER_CUT"],
  ["content_filter", "MODEL_ANSWER_CUT"],
])
  test(`an answer that ended by ${finish} is ${code}`, () =>
    withProvider(
      (_, response) =>
        respond(
          response,
          200,
          completion("", {
            choices: [
              { index: 0, message: { role: "assistant", content: "Dear cust" }, finish_reason: finish ?? "" },
            ],
          }),
        ),
      async ({ ask }) => assert.equal((await failure(ask())).code, code),
    ));

test("a silent server ends at the deadline, and the request is taken back", () => {
  let closed = () => {};
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  let arrived = () => {};
  const hasArrived = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  return withProvider(
    (_, response) => {
      response.on("close", closed);
      arrived();
    },
    async ({ ask, clock }) => {
      const asked = failure(ask());
      await hasArrived;
      clock.advance(120_000);
      const error = await asked;
      assert.deepEqual([error.code, error.retry], ["MODEL_TIMEOUT", "timeout"]);
      await isClosed;
    },
  );
});

test("the signal of the step ends the call: a timeout is one, a cancellation is not retried", () => {
  const waiting: (() => void)[] = [];
  return withProvider(
    () => waiting.shift()?.(),
    async ({ ask }) => {
      for (const [reason, code] of [
        [undefined, "MODEL_CALL_ABORTED"],
        ["timeout", "MODEL_TIMEOUT"],
        [new DOMException("late", "TimeoutError"), "MODEL_TIMEOUT"],
      ] as const) {
        const controller = new AbortController();
        const hasArrived = new Promise<void>((resolve) => waiting.push(resolve));
        const asked = failure(ask({ signal: controller.signal }));
        await hasArrived;
        controller.abort(reason);
        assert.equal((await asked).code, code);
      }
      const before = AbortSignal.abort();
      assert.equal((await failure(ask({ signal: before }))).code, "MODEL_CALL_ABORTED");
    },
  );
});

test("replays and dry runs reach no server", () =>
  withProvider(
    (_, response) => respond(response, 200, completion("x")),
    async ({ ask, provider }) => {
      for (const effects of ["denied", "recorded"] as const)
        assert.equal((await failure(ask({ effects }))).code, "MODEL_CALL_DENIED");
      assert.equal(provider.seen.length, 0);
    },
  ));

test("a key that is not set, or that cannot be sent, is named and not shown", async () => {
  for (const value of [undefined, "", "two\nlines", "schlüssel"]) {
    const { gateway, assets } = gatewayOf(
      {
        providers: {
          house: { type: "openai-compatible", url: "http://127.0.0.1:1/v1", key: "{{ secrets.HOUSE_KEY }}" },
        },
      },
      { secrets: () => value },
    );
    const asset = assets.find("model", "house/any/name");
    assert.ok(asset);
    const error = await failure(gateway.modelOf(asset)(callOf()));
    assert.equal(error.code, "MODEL_SECRET_UNUSABLE");
    assert.match(error.message, /HOUSE_KEY/);
    assert.ok(!value || !error.message.includes(value));
  }
});

test("a model without a prompt is not asked", () =>
  withProvider(
    (_, response) => respond(response, 200, completion("x")),
    async ({ ask }) => assert.equal((await failure(ask({ messages: [] }))).code, "MODEL_INPUT_MISSING"),
  ));

const labels = { enum: ["refund", "card"] };

test("a schema travels as an object and comes back as the value", () =>
  withProvider(
    (_, response) => respond(response, 200, completion('{"value": "card"}')),
    async ({ ask, provider }) => {
      const reply = await ask({ output: labels });
      assert.equal(reply.value, "card");
      const format = provider.seen[0]?.body.response_format;
      assert.deepEqual(format, {
        type: "json_schema",
        json_schema: {
          name: "answer",
          strict: true,
          schema: {
            type: "object",
            properties: { value: labels },
            required: ["value"],
            additionalProperties: false,
          },
        },
      });
    },
  ));

test("only a schema that closes its objects is asked for strictly", () =>
  withProvider(
    (_, response) => respond(response, 200, completion('{"label": "card"}')),
    async ({ ask, provider }) => {
      const output = {
        type: "object",
        properties: { label: labels, why: { type: "string" } },
        required: ["label"],
      };
      assert.deepEqual((await ask({ output })).value, { label: "card" });
      assert.equal(JSON.stringify(provider.seen[0]?.body.response_format).includes('"strict":false'), true);
    },
  ));

test("a server without schemas is told in words", () =>
  withProvider(
    (_, response) => respond(response, 200, completion('```json\n{"value": "refund"}\n```')),
    async ({ ask, provider }) => {
      assert.equal((await ask({ output: labels })).value, "refund");
      const { response_format, messages } = provider.seen[0]?.body ?? { messages: [] };
      assert.deepEqual(response_format, { type: "json_object" });
      assert.equal(messages[0]?.role, "system");
      assert.match(messages[0]?.content ?? "", /"enum":\["refund","card"\]/);
    },
    { structured_outputs: false },
  ));

test("an answer that does not fit is repaired once, and both calls are paid", () =>
  withProvider(
    (_, response, index) =>
      respond(response, 200, completion(index === 0 ? '{"value": "money"}' : '{"value": "refund"}')),
    async ({ ask, provider }) => {
      const reply = await ask({ output: labels });
      assert.equal(reply.value, "refund");
      assert.deepEqual(reply.tokens, { input: 120, cached: 80, output: 30, reasoning: 10 });
      assert.equal(reply.costUsd, 0.0006);
      const [first, second] = provider.seen;
      assert.equal(first?.body.messages.length, 1);
      assert.deepEqual(
        second?.body.messages.map(({ role }) => role),
        ["user", "assistant", "user"],
      );
      assert.equal(second?.body.messages[1]?.content, '{"value": "money"}');
      assert.notEqual(first?.headers["idempotency-key"], second?.headers["idempotency-key"]);
    },
  ));

test("an answer that does not fit twice is an error that names what is wrong", () =>
  withProvider(
    (_, response) => respond(response, 200, completion("I think it is a refund.")),
    async ({ ask, provider }) => {
      const error = await failure(ask({ output: labels }));
      assert.deepEqual([error.code, error.retry], ["MODEL_OUTPUT_INVALID", null]);
      assert.equal(provider.seen.length, 2);
    },
  ));

test("a packed answer is not asked for, and is bounded by what it unpacks to", () =>
  withProvider(
    (_, response) => {
      const packed = gzipSync(Buffer.alloc(17 * 1024 * 1024, 32));
      response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length }).end(packed);
    },
    async ({ ask, provider }) => {
      const error = await failure(ask());
      assert.equal(error.code, "MODEL_ANSWER_MALFORMED");
      assert.match(error.message, /more than \d+ bytes/);
      assert.equal(provider.seen[0]?.headers["accept-encoding"], "identity");
    },
  ));
