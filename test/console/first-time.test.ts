import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { addVersion, moveProduction } from "./registry.ts";
import { openBench, openPage } from "./world.ts";

// What somebody who has read nothing must find, from the opening page: by the words that stand there, in a
// few clicks, with no key and no address typed.

const setup = await openBench();

/** Clicks what is said, and counts. */
class Visitor {
  readonly page: Page;
  clicks = 0;

  constructor(page: Page) {
    this.page = page;
  }

  async click(what: Locator): Promise<void> {
    await what.click();
    this.clicks += 1;
  }

  /** A place of the sidebar. */
  async goTo(place: string): Promise<void> {
    await this.click(this.page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: place }));
  }

  /** The first run of the list that has these words. */
  async openRun(words: RegExp): Promise<void> {
    await this.click(this.page.getByRole("row", { name: words }).first().getByRole("link"));
  }
}

test("why a run waits stands in the list, and in full at the top of its page", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await world.start("patient", {});
  await world.start("letters", { name: "Ada" });
  const { page, trouble } = await openPage(browser, world);
  const visitor = new Visitor(page);
  await visitor.goTo("Runs");
  await page.getByRole("row", { name: /patient .* Waits for the event go/ }).waitFor();
  await visitor.openRun(/letters .* Waits for a person/);
  const why = page.getByRole("status").filter({ hasText: "Waits for a person at approval" });
  await why.getByText(/This step always asks a person\. post is asked\./).waitFor();
  assert.ok(((await why.boundingBox())?.y ?? 1_000) < 200, "it is not at the top");
  assert.ok(visitor.clicks <= 2);
  assert.deepEqual(trouble, []);
});

test("what a step's prompt was stands beside the step", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await world.start("triage", { text: "Where is my bill?" });
  const { page } = await openPage(browser, world);
  const visitor = new Visitor(page);
  await visitor.goTo("Runs");
  await visitor.openRun(/triage/);
  await visitor.click(page.getByRole("button", { name: /topic inference/ }));
  await page.getByRole("heading", { name: "Prompt, as it was sent" }).waitFor();
  await page.getByText("Say what the message is about, in one word.").waitFor();
  assert.ok(visitor.clicks <= 3);
});

test("what last week cost, by workflow, is the first that Costs shows", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await world.start("triage", { text: "Where is my bill?" });
  const { page } = await openPage(browser, world);
  const visitor = new Visitor(page);
  await visitor.goTo("Costs");
  await page.getByRole("heading", { name: /^\$0\.0.* by workflow, the last seven days$/ }).waitFor();
  await page.getByRole("row", { name: /^triage \$0\.0/ }).waitFor();
  assert.ok(visitor.clicks <= 1);
});

test("a draft is corrected from what needs attention", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const run = await world.start("letters", { name: "Ada" });
  const { page } = await openPage(browser, world);
  const visitor = new Visitor(page);
  await visitor.click(page.getByRole("link", { name: /^1 open review/ }));
  await visitor.click(page.getByRole("button", { name: "Correct" }));
  await page.getByRole("textbox", { name: "Correction" }).fill("Dear Ada, thank you.");
  await visitor.click(page.getByRole("button", { name: "Send correction" }));
  await page.getByText("Nobody waits for an answer.").waitFor();
  await world.engine.executor.settled(run);
  assert.equal(world.engine.control.run(run)?.status, "completed");
  assert.ok(visitor.clicks <= 3);
});

test("a prompt is rolled back, found in the registry or from the step that it was sent by", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { registry } = world.engine;
  const line = "prompt/classify";
  const first = registry.labelled(line, "production");
  await world.start("triage", { text: "Where is my bill?" });
  await addVersion(world, "Name the topic.");
  await moveProduction(world, "newest");
  assert.notEqual(registry.labelled(line, "production"), first);
  const { page } = await openPage(browser, world);
  const visitor = new Visitor(page);
  await visitor.goTo("Registry");
  await page.getByText("to roll it back").waitFor();
  await visitor.click(page.getByRole("link", { name: "classify" }));
  await visitor.click(page.getByRole("button", { name: "Roll back to" }));
  await visitor.click(page.getByRole("button", { name: "Roll back", exact: true }));
  await page
    .getByText(/local moved production/)
    .first()
    .waitFor();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(registry.labelled(line, "production"), first);
  assert.ok(visitor.clicks <= 4);

  await visitor.goTo("Runs");
  await visitor.openRun(/triage/);
  await visitor.click(page.getByRole("button", { name: /topic inference/ }));
  await visitor.click(page.getByRole("link", { name: "Versions of classify" }));
  await page.getByRole("heading", { level: 1, name: "classify" }).waitFor();
});
