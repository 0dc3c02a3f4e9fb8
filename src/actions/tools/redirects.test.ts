import assert from "node:assert/strict";
import { test } from "node:test";
import { call, failure, resultOf, testContext, testServer, tool } from "./testing.ts";

const redirecting = (status: number, location: () => string) =>
  testServer((_request, response) => response.writeHead(status, { location: location() }).end());

test("redirects are followed, and a POST becomes a GET as in browsers", async () => {
  for (const [status, method, body] of [
    [301, "GET", ""],
    [302, "GET", ""],
    [303, "GET", ""],
    [307, "POST", '"b"'],
    [308, "POST", '"b"'],
  ] as const) {
    let count = 0;
    await using server = await testServer((_request, response) => {
      if (count++ === 0) response.writeHead(status, { location: "/there" }).end();
      else response.end("found");
    });
    const http = {
      method: "POST",
      url: `${server.origin}/here`,
      body: '"b"',
      headers: { Authorization: "x" },
    };
    assert.equal((await call(server, http)).value, "found");
    const last = server.received[1];
    assert.deepEqual(
      [last?.method, last?.url, last?.body, last?.headers.authorization],
      [method, "/there", body, "x"],
      `${status}`,
    );
    assert.equal(last?.headers["content-type"], body === "" ? undefined : "text/plain; charset=utf-8");
  }
});

test("a redirect elsewhere is checked, loses keys, and repeats no write", async () => {
  await using there = await testServer();
  await using here = await redirecting(307, () => `${there.origin}/x`);
  const http = {
    url: here.origin,
    headers: { Authorization: "a", Cookie: "b", "X-Api-Key": "c", Accept: "text/html" },
  };
  assert.equal((await failure(call(here, http))).code, "ADDRESS_REFUSED");
  assert.equal(there.received.length, 0, "an origin that is not named is not called");
  await using made = tool([here.host, there.host]);
  assert.equal(resultOf(await made.kind.execute({ http }, testContext())).value, "sink");
  const {
    authorization,
    cookie,
    "x-api-key": apiKey,
    accept,
    "idempotency-key": key,
  } = there.received[0]?.headers ?? {};
  assert.deepEqual(
    [authorization, cookie, apiKey, accept, key],
    [undefined, undefined, undefined, "text/html", "run-1/step"],
  );
  const post = made.kind.execute({ http: { ...http, method: "POST", body: "x" } }, testContext());
  assert.equal((await failure(Promise.resolve(post))).code, "REDIRECT_REFUSED");
  assert.equal(there.received.length, 1);
});

test("redirects to other schemes, to nowhere and in circles end", async () => {
  for (const location of [
    "file:///etc/passwd",
    "http://169.254.169.254/latest",
    "http://[::1]:1/",
    "//127.0.0.2:1/",
  ]) {
    await using server = await redirecting(302, () => location);
    assert.equal((await failure(call(server, { url: server.origin }))).code, "ADDRESS_REFUSED", location);
  }
  await using nowhere = await redirecting(302, () => "http://");
  assert.equal((await failure(call(nowhere, { url: nowhere.origin }))).code, "REDIRECT_REFUSED");
  await using circle = await redirecting(302, () => "/again");
  assert.equal((await failure(call(circle, { url: circle.origin }))).code, "REDIRECT_REFUSED");
  assert.equal(circle.received.length, 6);
});
