import assert from "node:assert/strict";
import { test } from "node:test";
import { accessibilityProblems, keepPicture, openBench, openPage } from "./world.ts";

const setup = await openBench();

test("the page of the API has every request, in both themes and at 360 px, and asks nobody else", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { paths } = Object(await (await fetch(`${world.url}/openapi.json`)).json());
  const count = Object.values(paths).flatMap((methods) => Object.keys(Object(methods))).length;
  for (const [colorScheme, width] of [
    ["light", 1_280],
    ["dark", 360],
  ] as const) {
    const { page, trouble } = await openPage(browser, world, { colorScheme, width });
    await page.goto(`${world.url}/docs#startRun`);
    assert.equal(await page.locator(".entry:has(.method)").count(), count);
    assert.equal(await page.locator("#startRun").getAttribute("open"), "");
    assert.deepEqual(await accessibilityProblems(page), []);
    const needed = Number(await page.evaluate("document.documentElement.scrollWidth"));
    assert.ok(needed <= width, `needs ${needed} of ${width} px`);
    await keepPicture(page, `docs-${colorScheme}-${width}`);
    await page.evaluate("for (const entry of document.querySelectorAll('details')) entry.open = true");
    assert.deepEqual(await accessibilityProblems(page), []);
    assert.ok(Number(await page.evaluate("document.documentElement.scrollWidth")) <= width);
    assert.deepEqual(trouble, []);
  }
});

test("a request is found by keyboard alone, and its example can be copied", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { page, trouble } = await openPage(browser, world);
  await page.context().grantPermissions(["clipboard-write"]);
  await page.goto(`${world.url}/docs`);
  await page.keyboard.press("/");
  await page.keyboard.type("post decision");
  await page.getByText("1 found").waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#decideReview[open]").waitFor();
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: /^(Copied|Selected)$/ }).waitFor();
  const example = (await page.locator("#decideReview pre").textContent()) ?? "";
  assert.equal(await page.evaluate("getSelection().toString()"), example);
  assert.ok(example.startsWith(`curl -X POST '${world.url}/v1/reviews/ID/decision'`), example);
  await page.getByLabel("Search").fill("nothing is called so");
  await page.getByText("0 found").waitFor();
  assert.deepEqual(trouble, []);
});
