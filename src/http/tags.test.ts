import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { openEngine } from "../engine.ts";
import { createApp } from "./index.ts";

const prompt = (words: string) => `input: {}\nmessages: [{ role: user, content: "${words}" }]\n`;

async function setup(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "flyball-tags-"));
  writeFileSync(
    join(folder, "long.yaml"),
    `workflow: long\ninput: {}\nsteps:\n  - { id: said, transform: { value: "{{ input.words }}" } }\n`,
  );
  const engine = await openEngine({ home: join(folder, "home") });
  await engine.open(join(folder, "long.yaml"));
  t.after(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const app = createApp({ engine, isLocal: false });
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}, init: RequestInit = {}) =>
    app.request(path, {
      ...init,
      headers: { host: "localhost", "content-type": "application/json", ...headers },
    });
  const put = (path: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
    ask(path, headers, { method: "PUT", body: JSON.stringify(body) });
  const start = async (words: string) => {
    const id = await engine.start("long", { input: { words } });
    await engine.executor.settled(id);
    return id;
  };
  return { engine, ask, put, start };
}

test("a run that is known is not sent again until something happens", async (t) => {
  const { ask, start } = await setup(t);
  const id = await start("x");
  for (const path of [`/v1/runs/${id}`, "/v1/runs", `/v1/runs/${id}/steps/said`, "/v1/assets"]) {
    const tag = (await ask(path)).headers.get("etag") ?? "";
    assert.equal((await ask(path, { "if-none-match": `W/"other", ${tag}` })).status, 304, path);
    assert.equal((await ask(path, { "if-none-match": '"other"' })).status, 200, path);
  }
  const tag = (await ask("/v1/runs")).headers.get("etag") ?? "";
  // What one request answers says nothing about another.
  assert.equal((await ask("/v1/runs/nobody", { "if-none-match": tag })).status, 404);
  await start("y");
  assert.equal((await ask("/v1/runs", { "if-none-match": tag })).status, 200);
});

test("an asset that somebody else has changed is not overwritten", async (t) => {
  const { ask, put } = await setup(t);
  const asset = "/v1/assets/prompt/hello";
  assert.equal((await put(asset, { text: prompt("one") }, { "if-match": '"any"' })).status, 412);
  const first = await put(asset, { text: prompt("one") });
  const tag = first.headers.get("etag") ?? "";
  assert.equal((await ask(asset)).headers.get("etag"), tag);
  const label = `${asset}/labels/spare`;
  const both = await Promise.all([1, 2].map(() => put(label, { to: "newest" }, { "if-match": tag })));
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 412]);
  const refused = await put(asset, { text: prompt("two") }, { "if-match": tag });
  assert.deepEqual([refused.status, Object(await refused.json()).code], [412, "PRECONDITION_FAILED"]);
  const now = (await ask(asset)).headers.get("etag") ?? "";
  const removed = await ask(label, { "if-match": now }, { method: "DELETE", body: "{}" });
  assert.equal(removed.status, 200);
});

test("what is large is compressed as it is wanted; what is small, or comes in events, is not", async (t) => {
  const { ask, start } = await setup(t);
  const words = "Where is my parcel? ".repeat(500);
  const path = `/v1/runs/${await start(words)}`;
  const plain = await (await ask(path)).text();
  const unpack = { br: brotliDecompressSync, gzip: gunzipSync };
  for (const [accepted, expected] of [
    ["gzip, deflate, br", "br"],
    ["gzip;q=1, br;q=0.5", "gzip"],
    ["br;q=0, gzip", "gzip"],
    ["deflate", null],
    ["identity", null],
  ] as const) {
    const answer = await ask(path, { "accept-encoding": accepted });
    assert.equal(answer.headers.get("content-encoding"), expected, accepted);
    assert.equal(answer.headers.get("vary"), "Accept-Encoding");
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(String(expected ? unpack[expected](bytes) : bytes), plain);
    if (expected) assert.ok(bytes.length < plain.length / 5);
    const tag = answer.headers.get("etag") ?? "";
    const again = await ask(path, { "accept-encoding": accepted, "if-none-match": tag });
    assert.equal(again.status, 304);
  }
  // Found by nobody, so it passes both of them.
  const missing = await ask(`/v1/nothing/${"x".repeat(2_000)}`, { "accept-encoding": "gzip" });
  const problem = JSON.parse(String(gunzipSync(Buffer.from(await missing.arrayBuffer()))));
  assert.equal(problem.code, "NOT_FOUND");
  const small = await ask("/v1/switches", { "accept-encoding": "br" });
  assert.equal(small.headers.get("content-encoding"), null);
  const events = await ask(`${path}/events`, { "accept-encoding": "br", accept: "text/event-stream" });
  assert.equal(events.headers.get("content-encoding"), null);
  assert.match(await events.text(), /run\.completed/);
});

test("files are compressed once and known by their content", async (t) => {
  const { ask } = await setup(t);
  for (const path of ["/openapi.json", "/docs", "/docs/docs.css", "/docs/docs.js"]) {
    const headers = { "accept-encoding": "br" };
    const [one, two] = [await ask(path, headers), await ask(path, headers)];
    assert.deepEqual(
      [one.headers.get("content-encoding"), two.headers.get("content-encoding")],
      ["br", "br"],
      path,
    );
    assert.deepEqual(Buffer.from(await one.arrayBuffer()), Buffer.from(await two.arrayBuffer()), path);
    const tag = one.headers.get("etag") ?? "";
    assert.match(tag, /-br"$/);
    assert.equal((await ask(path, { ...headers, "if-none-match": tag })).status, 304, path);
  }
});
