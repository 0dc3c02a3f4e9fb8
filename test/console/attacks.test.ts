import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { payloads } from "./payloads.ts";
import { isLoaded, openBench, openPage, type World } from "./world.ts";

const setup = await openBench();

/** How many of them one letter carries: the page shows the draft as the text that it is, whatever its length. */
const perLetter = 25;

test("500 attempts at a script, from a run to the inbox: none runs, and nothing is asked for", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  assert.equal(new Set(payloads).size, 500);
  const { page, trouble } = await openPage(browser, world);
  page.on("dialog", (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  let shown = 0;
  for (let at = 0; at < payloads.length; at += perLetter) {
    const sent = payloads.slice(at, at + perLetter);
    const run = await world.start("letters", { name: sent.join("\n") });
    await page.goto(`${world.url}/runs/${run}?step=greeting`);
    await isLoaded(page);
    const [review] = world.engine.control.reviews({ status: "open", run, limit: 1 });
    await page.goto(`${world.url}/reviews?review=${review?.id}`);
    const draft = page.getByRole("region", { name: "Draft" });
    await draft.waitFor();
    const text = (await draft.textContent()) ?? "";
    shown += sent.filter((payload) => text.includes(payload)).length;
    assert.equal(await page.evaluate("'hit' in window"), false, run);
    assert.equal(await page.locator("main :is(script, iframe, object, embed, base, meta, link)").count(), 0);
  }
  assert.equal(shown, 500, "each is shown as the text that it is");
  assert.deepEqual(trouble, []);
});

const hostile = ["http://evil.example", "https://evil.example", "null", "http://localhost.evil.example"];

test("no other host or origin changes anything, by any method that does", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world } = parts;
  const run = await world.start("patient", {});
  const before = world.engine.journal.lastPosition();
  const port = new URL(world.url).port;
  const own = `127.0.0.1:${port}`;
  const origins = [...hostile, `http://127.0.0.1:${Number(port) + 1}`, `https://${own}`];
  const heads = [
    ...origins.map((origin) => ({ host: own, origin })),
    ...["evil.example", `evil.example:${port}`, "127.0.0.1.evil.example", "169.254.169.254"].map((host) => ({
      host,
    })),
    { host: own, "sec-fetch-site": "cross-site" },
    { host: "evil.example", origin: "http://evil.example" },
  ];
  const statuses: number[] = [];
  for (const headers of heads)
    for (const [method, path, body] of changes(run))
      for (const type of ["application/json", "text/plain"])
        statuses.push(
          await send(world, { method, path, body, headers: { ...headers, "content-type": type } }),
        );
  assert.equal(statuses.length, heads.length * changes(run).length * 2);
  assert.deepEqual([...new Set(statuses)], [403]);
  assert.equal(world.engine.journal.lastPosition(), before);
  assert.equal(world.engine.control.run(run)?.status, "waiting");
});

/** One request of each kind that changes something. */
function changes(run: string): readonly (readonly [method: string, path: string, body: string])[] {
  return [
    ["POST", "/v1/workflows/letters/runs", '{"input":{"name":"x"}}'],
    ["POST", `/v1/runs/${run}/cancel`, "{}"],
    ["POST", `/v1/runs/${run}/signals`, '{"event":"go"}'],
    ["POST", `/v1/runs/${run}/scores`, '{"name":"s","value":1,"source":"user"}'],
    ["POST", "/v1/switches", '{"scope":"all","off":"stop"}'],
    ["PUT", "/v1/assets/prompt/classify", '{"text":"x"}'],
    ["PUT", "/v1/assets/prompt/classify/labels/production", '{"to":"newest"}'],
    ["POST", "/v1/rollouts", '{"asset":"prompt/classify","to":"newest","share":1}'],
    ["DELETE", "/v1/assets/prompt/classify/labels/production", "{}"],
  ];
}

/** Below `fetch`, which sends no other `Host` and no `Origin` that a page could not have. */
function send(
  world: World,
  { method, path, body, headers }: { method: string; path: string; body: string; headers: object },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(world.url);
    const all = { ...headers, "content-length": Buffer.byteLength(body) };
    const sent = request({ hostname, port, method, path, headers: all }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
