import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openEngine } from "../engine.ts";
import { createApp, listenOnPort } from "./index.ts";
import { bodyBytesMax, followersMax, headerBytesMax, pageItemsMax } from "./limits.ts";

test("what is beyond a limit of the API is refused with its code", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "flyball-limits-"));
  writeFileSync(
    join(folder, "gate.yaml"),
    "workflow: gate\ninput: {}\nsteps: [{ id: gate, wait: { event: go } }]\n",
  );
  const engine = await openEngine({ home: join(folder, "home") });
  const server = await listenOnPort(engine, { host: "127.0.0.1", port: 0 });
  t.after(async () => {
    await server.close();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await engine.open(join(folder, "gate.yaml"));
  const run = await engine.start("gate", { input: {} });
  await engine.executor.settled(run);
  const refused = async (path: string, init: RequestInit) => {
    const answer = await fetch(`${server.url}${path}`, init);
    return [answer.status, Object(await answer.json()).code];
  };

  await t.test("a body", async () => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ input: "x".repeat(bodyBytesMax) });
    const init = { method: "POST", headers, body };
    assert.deepEqual(await refused("/v1/workflows/gate/runs", init), [413, "BODY_TOO_LARGE"]);
  });

  await t.test("a page", async () => {
    for (const path of ["/v1/runs", "/v1/reviews", "/v1/budgets"]) {
      assert.deepEqual(await refused(`${path}?limit=${pageItemsMax + 1}`, {}), [400, "REQUEST_INVALID"]);
      assert.equal((await fetch(`${server.url}${path}?limit=${pageItemsMax}`)).status, 200);
    }
  });

  await t.test("headers, and what is no HTTP", async () => {
    const headers = { "x-long": "x".repeat(headerBytesMax) };
    assert.deepEqual(await refused("/v1/runs", { headers }), [431, "HEADERS_TOO_LARGE"]);
    const socket = connect(Number(new URL(server.url ?? "").port), "127.0.0.1");
    socket.end("this is no HTTP\r\n\r\n");
    const said = (await socket.setEncoding("utf8").toArray()).join("");
    assert.match(said, /^HTTP\/1\.1 400 [\s\S]*"REQUEST_INVALID"/);
  });

  await t.test("streams that are followed at once", async () => {
    const app = createApp({ engine, isLocal: true });
    const follow = () => app.request(`/v1/runs/${run}/events`, { headers: { accept: "text/event-stream" } });
    const open = await Promise.all(Array.from({ length: followersMax }, follow));
    const answer = await follow();
    assert.deepEqual(
      [answer.status, Object(await answer.json()).code, answer.headers.get("retry-after")],
      [429, "TOO_MANY_FOLLOWERS", "5"],
    );
    await Promise.all(open.map(({ body }) => body?.cancel()));
    // Each is over once it has heard that nobody listens.
    let again = await follow();
    while (again.status === 429) {
      await new Promise((resolve) => setImmediate(resolve));
      again = await follow();
    }
    assert.equal(again.status, 200);
    await again.body?.cancel();
  });
});
