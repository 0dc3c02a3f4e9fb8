import assert from "node:assert/strict";
import { createServer as createTcpServer } from "node:net";
import { test } from "node:test";
import { type Json, type JsonObject, ManualClock, systemClock } from "../../core/base/index.ts";
import { type Asset, EffectDenied, type StepContext, secretMarker } from "../../core/workflow/index.ts";
import { createTools, loadTool, ToolFailed } from "./index.ts";
import { call, failure, resultOf, secret, testContext, testServer, tool } from "./testing.ts";

const answering = (status: number, body: string | Buffer, headers: Record<string, string> = {}) =>
  testServer((_request, response) => response.writeHead(status, headers).end(body));

test("a request is made of its templates, and carries the step's key", async () => {
  await using server = await answering(200, '{"ok":true}', {
    "content-type": "application/json; charset=utf-8",
    etag: '"7"',
  });
  const http = {
    method: "put",
    url: `${server.origin}/orders/{{ input.id }}?a=1`,
    headers: { "X-Customer": "{{ input.customer }}", "X-Count": 3 },
    query: { q: "{{ input.query }}", tag: ["x", "y z"], none: null },
    body: { total: "{{ input.total }}", note: "for {{ input.customer }}" },
  };
  const result = await call(server, http, { input: { id: 7, customer: "Ada", query: "a&b=c", total: 12.5 } });
  assert.deepEqual(result.value, { ok: true });
  assert.equal(result.status, 200);
  assert.equal(result.simulated, false);
  assert.deepEqual(Object.keys(result.headers ?? {}), ["content-type", "date", "etag"]);
  const [received] = server.received;
  assert.equal(received?.method, "PUT");
  assert.equal(received?.url, "/orders/7?a=1&q=a%26b%3Dc&tag=x&tag=y+z");
  assert.equal(received?.body, '{"total":12.5,"note":"for Ada"}');
  const {
    "idempotency-key": key,
    "content-type": type,
    "x-customer": customer,
    "x-count": count,
  } = received?.headers ?? {};
  assert.deepEqual([key, type, customer, count], ["run-1/step", "application/json", "Ada", "3"]);
});

test("without a method it is GET, with a body POST; a text goes as it is", async () => {
  await using server = await testServer();
  assert.equal((await call(server, { url: server.origin })).value, "sink");
  await call(server, { url: server.origin, body: "plain" });
  await call(server, {
    url: server.origin,
    body: "a=1",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  assert.deepEqual(
    server.received.map(({ method, body, headers }) => [method, body, headers["content-type"]]),
    [
      ["GET", "", undefined],
      ["POST", "plain", "text/plain; charset=utf-8"],
      ["POST", "a=1", "application/x-www-form-urlencoded"],
    ],
  );
});

test("an answer is JSON, text, nothing, or base64", async () => {
  const cases: [Buffer | string, Record<string, string>, Json][] = [
    ["[1]", { "content-type": "application/problem+json" }, [1]],
    ["[1]", { "content-type": "text/plain" }, "[1]"],
    ["", { "content-type": "application/json" }, null],
    [Buffer.from("grün", "latin1"), { "content-type": "text/plain; charset=iso-8859-1" }, "grün"],
    [
      Buffer.from([0xff, 0xd8]),
      { "content-type": "image/jpeg" },
      { contentType: "image/jpeg", base64: "/9g=" },
    ],
    ["no type", {}, "no type"],
  ];
  for (const [body, headers, value] of cases) {
    await using server = await answering(200, body, headers);
    assert.deepEqual((await call(server, { url: server.origin })).value, value);
  }
});

test("an answer that is not what it says, or too long, fails for good", async () => {
  await using broken = await answering(200, "{", { "content-type": "application/json" });
  await using deep = await answering(200, "[".repeat(600) + "]".repeat(600), {
    "content-type": "application/json",
  });
  await using long = await answering(200, Buffer.alloc(1024 * 1024 + 1));
  await using packed = await answering(200, "x", { "content-encoding": "gzip" });
  for (const server of [broken, deep, long, packed]) {
    const error = await failure(call(server, { url: server.origin }));
    assert.equal(error.code, "TOOL_RESPONSE_INVALID");
    assert.equal(error.retry, null);
  }
});

test("errors of a server tell whether and when to try again", async () => {
  const date = new Date(new ManualClock().now() + 90_000).toUTCString();
  const cases: [number, Record<string, string>, string | null, number | null][] = [
    [429, { "retry-after": "3" }, "rate_limit", 3_000],
    [503, { "retry-after": date }, "server", 90_000],
    [503, { "retry-after": "soon" }, "server", null],
    [429, { "retry-after": "999999999" }, "rate_limit", 86_400_000],
    [500, {}, "server", null],
    [501, {}, null, null],
    [408, {}, "timeout", null],
    [400, {}, null, null],
    [404, {}, null, null],
    [304, {}, null, null],
  ];
  for (const [status, headers, retry, retryAfterMs] of cases) {
    await using server = await answering(status, status === 304 ? "" : "no\n  luck", headers);
    const error = await failure(call(server, { url: `${server.origin}/x?secret=1` }));
    assert.ok(error instanceof ToolFailed);
    assert.deepEqual([error.httpStatus, error.retry, error.retryAfterMs], [status, retry, retryAfterMs]);
    assert.equal(
      error.message,
      `GET ${server.origin}/x answered ${status}${status === 304 ? "." : ": no luck"}`,
    );
  }
});

test("no answer is an error of the network", async () => {
  await using gone = await testServer();
  await gone.server.close();
  const refused = await failure(call(gone, { url: gone.origin }));
  assert.deepEqual([refused.code, refused.retry], ["TOOL_UNREACHABLE", "network"]);
  await using cut = await testServer((request) => request.socket.destroy());
  assert.equal((await failure(call(cut, { url: cut.origin }))).retry, "network");
  assert.equal(cut.received.length, 1, "a new connection that breaks is not tried again here");
  await using half = await testServer((_request, response) => {
    response.writeHead(200, { "content-length": "10" }).write("x");
    setImmediate(() => response.socket?.destroy());
  });
  assert.equal((await failure(call(half, { url: half.origin }))).retry, "network");
});

test("a connection that was kept and has gone stale is replaced, once", async () => {
  let count = 0;
  await using server = await testServer((request, response) => {
    count++;
    if (count === 2) request.socket.destroy();
    else response.end("ok");
  });
  await using made = tool([server.host]);
  const context = testContext();
  for (let time = 0; time < 2; time++)
    assert.equal(resultOf(await made.kind.execute({ http: { url: server.origin } }, context)).value, "ok");
  assert.deepEqual(
    server.received.map(({ headers }) => headers["idempotency-key"]),
    Array(3).fill("run-1/step"),
  );
});

test("connections are kept", async () => {
  await using server = await testServer();
  let connections = 0;
  server.server.on("connection", () => connections++);
  await using made = tool([server.host]);
  for (let time = 0; time < 5; time++)
    await made.kind.execute({ http: { url: server.origin } }, testContext());
  assert.equal(connections, 1);
});

test("where calls may go can be what the run has pinned, kept connections included", async () => {
  await using server = await testServer();
  const tools = createTools({
    clock: systemClock,
    secrets: () => undefined,
    allowHttp: (context) => (context.runId === "run-1" ? [server.host] : ["api.example.com"]),
  });
  const call = async (runId: string) =>
    tools.kinds[0]?.execute({ http: { url: server.origin } }, testContext({}, { runId }));
  await call("run-1");
  assert.equal((await failure(call("run-2"))).code, "ADDRESS_REFUSED");
  assert.equal(server.received.length, 1);
  await tools.close();
});

/** Accepts and never answers. */
async function silent() {
  const server = createTcpServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  return { host: `127.0.0.1:${address.port}`, server, [Symbol.dispose]: () => void server.close() };
}

test("a call ends at its time limit", async () => {
  using server = await silent();
  const clock = new ManualClock();
  await using made = tool([server.host], clock);
  const connected = new Promise((resolve) => server.server.once("connection", resolve));
  const error = failure(
    Promise.resolve(
      made.kind.execute({ http: { url: `http://${server.host}/`, timeout: "2s" } }, testContext()),
    ),
  );
  await connected;
  clock.advance(2_000);
  assert.deepEqual([(await error).code, (await error).retry], ["TOOL_TIMEOUT", "timeout"]);
});

test("a call ends when its step is stopped, before and while it runs", async () => {
  using server = await silent();
  await using made = tool([server.host], new ManualClock());
  const execute = (signal: AbortSignal) => {
    const context = testContext({}, { signal });
    return failure(Promise.resolve(made.kind.execute({ http: { url: `http://${server.host}/` } }, context)));
  };
  assert.equal((await execute(AbortSignal.abort())).code, "STEP_STOPPED");
  const stop = new AbortController();
  const connected = new Promise((resolve) => server.server.once("connection", resolve));
  const stopped = execute(stop.signal);
  await connected;
  stop.abort();
  assert.equal((await stopped).code, "STEP_STOPPED");
});

test("a secret reaches the request that names it, and comes back as [secret]", async () => {
  await using server = await testServer((request, response) => {
    response.setHeader("x-request-id", String(request.headers.authorization));
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ echo: request.headers.authorization, coded: Buffer.from(secret).toString("base64") }),
    );
  });
  const result = await call(server, {
    url: server.origin,
    headers: { Authorization: "Bearer {{ secrets.KEY }}" },
  });
  assert.equal(server.received[0]?.headers.authorization, `Bearer ${secret}`);
  assert.deepEqual(result.value, { echo: "Bearer [secret]", coded: "[secret]" });
  assert.ok(!JSON.stringify(result).includes(secret));
  await using failing = await testServer((request, response) =>
    response.writeHead(400).end(`bad ${request.url}`),
  );
  const error = await failure(call(failing, { url: `${failing.origin}/{{ secrets.KEY }}/x`, method: "GET" }));
  assert.ok(!error.message.includes("s3cret"), error.message);
});

test("a secret that nobody has is told by name", async () => {
  await using server = await testServer();
  const error = await failure(
    call(server, { url: server.origin, headers: { A: "{{ secrets.GONE }}" } }).catch((thrown) =>
      Promise.reject(thrown),
    ),
  );
  assert.deepEqual([error.code, error.message], ["SECRET_MISSING", 'There is no secret "GONE".']);
});

test("data cannot ask for secrets", async () => {
  await using server = await testServer();
  const input = { text: `give me ${secretMarker("KEY")}` };
  for (const http of [
    { url: server.origin, body: { text: "{{ input.text }}" } },
    { url: server.origin, headers: { A: "{{ input.text }}" } },
    { url: `${server.origin}/{{ input.text }}` },
    { url: server.origin, headers: { A: "{{ secrets.OTHER }} {{ input.text }}" } },
  ])
    assert.equal((await failure(call(server, http, { input }))).code, "TOOL_REQUEST_INVALID");
  assert.equal(server.received.length, 0);
});

test("data cannot write headers, and cannot choose the connection's own", async () => {
  await using server = await testServer();
  for (const value of ["a\r\nX-Evil: 1", "a\nb", "a\u0000b", "日本"])
    assert.equal(
      (await failure(call(server, { url: server.origin, headers: { A: "{{ input }}" } }, { input: value })))
        .code,
      "TOOL_REQUEST_INVALID",
    );
  for (const name of [
    "Host",
    "content-length",
    "Transfer-Encoding",
    "Idempotency-Key",
    "bad name",
    "a:b",
    "",
  ])
    assert.equal(
      (await failure(call(server, { url: server.origin, headers: { [name]: "x" } }))).code,
      "TOOL_REQUEST_INVALID",
      name,
    );
  assert.equal(
    (await failure(call(server, { url: server.origin, method: "{{ input }}" }, { input: "GET /x" }))).code,
    "TOOL_REQUEST_INVALID",
  );
  assert.equal(server.received.length, 0);
});

test("effects: denied and simulated let reads through; what writes is refused, or simulated", async () => {
  await using server = await testServer();
  const write = { url: server.origin, method: "POST" };
  assert.ok((await failure(call(server, write, {}, { effects: "denied" }))) instanceof EffectDenied);
  assert.equal((await call(server, { url: server.origin }, {}, { effects: "denied" })).value, "sink");
  const simulated = { value: null, status: null, headers: null, simulated: true };
  assert.deepEqual(await call(server, write, {}, { effects: "simulated" }), simulated);
  assert.equal(server.received.length, 1);
  assert.equal((await call(server, { url: server.origin }, {}, { effects: "simulated" })).value, "sink");
});

test("the outbox is a fact in the commit of the step", async () => {
  await using made = tool();
  const outcome = await made.kind.execute(
    { outbox: { channel: "mail" }, input: { to: "ada@example.com" } },
    testContext(),
  );
  assert.deepEqual(outcome, {
    result: { value: { queued: true, channel: "mail" }, status: null, headers: null, simulated: false },
    facts: [
      {
        stream: "outbox/run-1",
        type: "message.queued",
        data: {
          channel: "mail",
          key: "run-1/step",
          run: "run-1",
          path: "step",
          input: { to: "ada@example.com" },
        },
      },
    ],
  });
});

const file = (text: string, name = "reply") => loadTool({ file: `tools/${name}.yaml`, text, name });

const replyTool = (origin: string) => `
name: reply
description: Answers a customer.
effect: irreversible
input:
  type: object
  required: [to]
  properties: { to: { type: string } }
http:
  url: ${origin}/reply
  headers: { Authorization: "Bearer {{ secrets.KEY }}" }
  body: { to: "{{ input.to }}", all: "{{ input }}" }
`;

async function callNamed(
  asset: Asset,
  input: Json,
  allowed: readonly string[],
  parts: Partial<StepContext> = {},
) {
  await using made = tool(allowed);
  const context = testContext({ input: { to: "the workflow's own" } }, { asset: () => asset, ...parts });
  return resultOf(await made.kind.execute({ name: "reply", input }, context));
}

test("a named tool's templates see what the step gives it", async () => {
  await using server = await testServer();
  const asset = file(replyTool(server.origin));
  assert.equal((await callNamed(asset, { to: "ada" }, [server.host])).value, "sink");
  assert.equal(server.received[0]?.body, '{"to":"ada","all":{"to":"ada"}}');
  assert.equal(server.received[0]?.headers.authorization, `Bearer ${secret}`);
});

test("a named tool's input is checked, and its effect is its own", async () => {
  await using server = await testServer();
  const asset = file(replyTool(server.origin));
  const wrong = await failure(callNamed(asset, { to: 7 }, [server.host]));
  assert.deepEqual([wrong.code, wrong.retry], ["TOOL_REQUEST_INVALID", null]);
  assert.match(wrong.message, /^input: to: .*Expected "string"/);
  assert.match(
    (await failure(callNamed(asset, { to: "x" }, [server.host], { effects: "denied" }))).message,
    /irreversible/,
  );
  const queue = file("outbox: { channel: mail }\neffect: none\n");
  assert.deepEqual((await callNamed(queue, {}, [], { effects: "denied" })).value, {
    queued: true,
    channel: "mail",
  });
  assert.equal(server.received.length, 0);
});

test("what can be known at load is told at load", async () => {
  await using made = tool();
  const { kind } = made;
  const messages = (config: JsonObject) =>
    (kind.check?.(config) ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
  assert.deepEqual(
    messages({ http: { url: "https://{{ input.host }}/", method: "{{ input.method }}" } }),
    [],
  );
  assert.deepEqual(messages({ name: "reply", input: {} }), []);
  assert.match(messages({})[0] ?? "", /exactly one of name, http, outbox; found none/);
  assert.match(
    messages({ name: "a", http: { url: "https://a.example" } })[0] ?? "",
    /^http: .*found name and http/,
  );
  assert.match(messages({ name: "{{ input.tool }}" })[0] ?? "", /^name: must be the name itself/);
  assert.match(messages({ name: "a", effect: "read" })[0] ?? "", /^effect: is declared/);
  assert.match(messages({ http: { url: "ftp://a" } })[0] ?? "", /^http\.url: expected/);
  assert.match(
    messages({ http: { url: "https://a.example", headers: { "Idempotency-Key": "x" } } })[0] ?? "",
    /set by the engine/,
  );
  assert.deepEqual(kind.references?.({ name: "reply" }), [{ kind: "tool", name: "reply", path: ["name"] }]);
  assert.ok(!kind.config.safeParse({ http: { url: "https://a.example", verb: "x" } }).success);
});

test("an unevaluated step tells its effect", async () => {
  await using made = tool();
  const effect = (config: JsonObject) => made.kind.effect(config);
  assert.equal(effect({ http: { url: "x" } }), "read");
  assert.equal(effect({ http: { url: "x", method: "head" } }), "read");
  assert.equal(effect({ http: { url: "x", body: {} } }), "write");
  assert.equal(effect({ http: { url: "x", method: "{{ input.method }}" } }), "write");
  assert.equal(effect({ http: { url: "x", method: "POST" }, effect: "read" }), "read");
  assert.equal(effect({ outbox: { channel: "a" } }), "write");
  assert.equal(effect({ name: "reply" }), "write");
});
