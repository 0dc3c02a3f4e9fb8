import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { fill } from "../../bench/console/fill.ts";
import { surveySteps } from "../../bench/console/project.ts";
import { listenOnPort } from "../../src/http/index.ts";
import { openEngine } from "../../src/index.ts";
import { scriptBytes, shifted } from "./weight.ts";
import { accessibilityProblems, isLoaded, openBrowser, openTab } from "./world.ts";

// What of the console's speed is no matter of time: how much is drawn, how far it jumps, what it loads.
// How long it takes before 100,000 runs is measured by `npm run bench -- console`.

const runs = 350;
const drawnRowsMax = 120;
const scriptBytesMax = 250_000;
const shiftMax = 0.1;

const opened = await openScene();

/** One store, server and browser for all tests; or why there can be none. */
async function openScene() {
  const browser = await openBrowser();
  if (typeof browser === "string") return browser;
  const folder = mkdtempSync(join(tmpdir(), "flyball-scale-"));
  const { survey } = await fill(folder, { runs, seed: 1 });
  const engine = await openEngine({ home: join(folder, "home") });
  const { url, close } = await listenOnPort(engine, { host: "127.0.0.1", port: 0 });
  after(async () => {
    await browser.close();
    await close();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { browser, engine, url: url ?? "", survey };
}

/** A tab of its own for a test, or a skipped one. */
async function enter(t: TestContext) {
  if (typeof opened !== "string") return { ...opened, ...(await openTab(opened.browser, opened)) };
  t.skip(opened);
  return undefined;
}

test("the list goes on to its end, whatever was scrolled past", async (t) => {
  const scene = await enter(t);
  if (!scene) return;
  const { page, trouble, url, engine } = scene;
  await page.goto(`${url}/runs`);
  const shown = page.getByRole("row").filter({ has: page.getByRole("link") });
  await shown.nth(10).waitFor();
  const oldest = engine.control.runs({ limit: runs }).at(-1)?.id;
  assert.equal(await page.locator(`a[href="/runs/${oldest}"]`).count(), 0);
  while ((await page.locator(`a[href="/runs/${oldest}"]`).count()) === 0) {
    await page.evaluate("scrollBy(0, 2000); new Promise(requestAnimationFrame)");
    assert.ok((await shown.count()) <= drawnRowsMax);
  }
  assert.equal(await page.getByRole("table").getAttribute("aria-rowcount"), String(runs + 1));
  assert.deepEqual(trouble, []);
});

test("at its top it shows what happens, although older runs were looked at", async (t) => {
  const scene = await enter(t);
  if (!scene) return;
  const { page, url, engine } = scene;
  await page.goto(`${url}/runs`);
  const reaches = (px: number) =>
    page.evaluate(`probe.drawn(() => document.documentElement.scrollHeight > ${px})`);
  await reaches(3_000);
  await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
  await reaches(6_000);
  await page.evaluate("scrollTo(0, 0)");
  const started = await engine.start("payments", { input: {} });
  await page.locator(`a[href="/runs/${started}"]`).waitFor();
});

test("2,000 steps: the timeline finds one of them, the graph counts them", async (t) => {
  const scene = await enter(t);
  if (!scene) return;
  const { page, trouble, url, survey } = scene;
  await page.goto(`${url}/runs/${survey}?step=rows[0].read`);
  await page.getByText(`${surveySteps} steps`).waitFor();
  const steps = page.getByRole("listitem").filter({ has: page.getByRole("button") });
  await steps.first().waitFor();
  assert.ok((await steps.count()) <= drawnRowsMax);
  await page.getByRole("searchbox", { name: "Find a step" }).fill("inference rows[17]");
  await page.getByRole("button", { name: /^rows\[17\]\.topic inference/ }).click();
  await page.getByText("1 of 2000").waitFor();
  await page.getByRole("heading", { name: "rows[17].topic" }).waitFor();
  await page.getByRole("button", { name: "graph" }).click();
  await page.getByText("inference · 400 completed").waitFor();
  assert.equal(await page.locator(".react-flow__node").count(), 6);
  assert.deepEqual(trouble, []);
});

test("2,000 steps of two runs stand side by side, and what differs is below", async (t) => {
  const scene = await enter(t);
  if (!scene) return;
  const { page, url, survey } = scene;
  await page.goto(`${url}/runs/${survey}/compare/${survey}?step=rows[5].mood`);
  const steps = page.getByRole("region", { name: "Steps" });
  await steps.getByRole("row").nth(10).waitFor();
  assert.ok((await steps.getByRole("row").count()) <= drawnRowsMax);
  assert.equal(await steps.getByRole("table").getAttribute("aria-rowcount"), String(surveySteps + 1));
  await page.getByRole("region", { name: "Answer of rows[5].mood" }).getByText("calm").waitFor();
});

test("a step named in the address is brought into view", async (t) => {
  const scene = await enter(t);
  if (!scene) return;
  const { page, url, survey } = scene;
  await page.goto(`${url}/runs/${survey}?step=rows[1].line`);
  const chosen = page.getByRole("button", { name: /^rows\[1\]\.line/ });
  await chosen.waitFor();
  assert.equal(await chosen.getAttribute("aria-current"), "true");
});

const pages = {
  overview: "/",
  runs: "/runs",
  "a run": "/runs/SURVEY",
  reviews: "/reviews",
  "a workflow": "/workflows/survey",
  costs: "/costs",
};

for (const [name, path] of Object.entries(pages))
  test(`${name}: light, still, accessible, and it asks nobody else`, async (t) => {
    const scene = await enter(t);
    if (!scene) return;
    const { page, trouble, url, survey } = scene;
    await page.goto(url + path.replace("SURVEY", survey));
    await isLoaded(page);
    await page.waitForLoadState("networkidle");
    assert.ok((await scriptBytes(page)) < scriptBytesMax);
    assert.ok((await shifted(page)) < shiftMax, `it jumps by ${await shifted(page)}`);
    assert.deepEqual(await accessibilityProblems(page), []);
    assert.deepEqual(trouble, []);
  });
