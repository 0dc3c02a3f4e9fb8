import assert from "node:assert/strict";
import { test } from "node:test";
import { heading, isLoaded, openBench, openPage } from "./world.ts";

const setup = await openBench();

test("a step tells what was sent, who answered, in which versions, and what it cost", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const run = await world.start("triage", { text: "Where is my bill?" });
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/runs/${run}?step=topic`);
  const prompt = page.getByRole("region", { name: "Prompt", exact: true });
  await prompt.getByText("Say what the message is about, in one word.").waitFor();
  await prompt.getByText("Where is my bill?").waitFor();
  const panel = page.locator("section", { has: page.getByRole("heading", { name: "topic" }) }).last();
  await panel.getByText("sim/small", { exact: true }).waitFor();
  await panel.getByText(/^input \d+, cached 0, output \d+, reasoning 0$/).waitFor();
  assert.match((await panel.getByText(/^\$0\.0/).textContent()) ?? "", /^\$0\.0+\d+$/);
  await panel.getByText("Versions", { exact: true }).click();
  await panel.getByText(/^classify/).waitFor();
  await panel.getByText(/variant default/).waitFor();
  assert.deepEqual(trouble, []);
});

test("a run's time is told apart: at work, with people, and other waits", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const asked = await world.start("letters", { name: "Ada" });
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/runs/${asked}`);
  const time = (use: string) =>
    page.locator("dl[aria-label='Where the time went'] > div", { hasText: use }).locator("dd");
  await page.waitForTimeout(1_100);
  const [review] = world.engine.control.reviews({ status: "open", run: asked, limit: 1 });
  await world.engine.decide(String(review?.id), { decision: "approve", reviewer: "ada" });
  await heading(page, /completed/).waitFor();
  await time("with people")
    .getByText(/^[1-9][\d.]* (s|min)/)
    .waitFor();
  assert.match((await time("in the queue").textContent()) ?? "", /^0 ms$/);
  assert.deepEqual(trouble, []);
});

test("two runs stand side by side, and the first step that differs is opened", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const first = await world.start("letters", { name: "Ada" });
  const second = await world.start("letters", { name: "Bob" });
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/runs/${first}`);
  await page.getByText("Compare with …").click();
  await page.locator(`a[href*="/compare/${second}"]`).click();
  await heading(page, "Two runs").waitFor();
  await isLoaded(page);
  await page.getByRole("row", { name: /greeting.*≠ differs/ }).waitFor();
  const answers = page.getByRole("region", { name: "Answer of greeting: what differs" });
  assert.deepEqual(
    [await answers.locator("del").textContent(), await answers.locator("ins").textContent()],
    ["Ada", "Bob"],
  );
  assert.deepEqual(trouble, []);
});

test("models, routes, costs and budgets show what the runs came to", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await world.start("triage", { text: "Where is my bill?" });
  const { page, trouble } = await openPage(browser, world);
  await page.keyboard.press("m");
  await page.getByRole("row", { name: /small simulated ✓ well 100% 1/ }).waitFor();
  await page.getByText("input $1, output $4").waitFor();
  await page
    .getByRole("region", { name: "Routes" })
    .getByRole("row", { name: /topics 1 0 0/ })
    .waitFor();
  await page.keyboard.press("$");
  await page
    .getByRole("region", { name: "Costs" })
    .getByRole("row", { name: /^triage \$0\.0/ })
    .waitFor();
  await page.getByLabel("By").selectOption("model");
  await page.waitForURL(/by=model/);
  await page
    .getByRole("region", { name: "Costs" })
    .getByRole("row", { name: /small \$0\.0/ })
    .waitFor();
  await page.getByRole("row", { name: /^house .* of \$50\.00.*✓ within block/ }).waitFor();
  await page.getByLabel("from").fill("2020-01-01");
  await page.getByLabel("to", { exact: true }).fill("2020-01-31");
  await page.getByText("No model was asked in these days.").waitFor();
  assert.deepEqual(trouble, []);
});

test("the overview has each target beside what is, and what needs a person", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await world.start("triage", { text: "Where is my bill?" });
  await world.start("letters", { name: "Ada" });
  await world.start("broken", { n: 0 });
  const { page, trouble } = await openPage(browser, world);
  await page.getByRole("listitem").filter({ hasText: "Automated" }).getByText("100%").waitFor();
  await page.getByRole("listitem").filter({ hasText: "Time to result" }).getByText("kept").waitFor();
  await page.getByText(/✕ cost of a run, mean/).waitFor();
  const cut = `[...document.querySelectorAll("main section li *")].filter((each) =>
    each.textContent.includes("$0.") && each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1).length`;
  assert.equal(await page.evaluate(cut), 0, "a tiny amount of money has room");
  const broken = page.locator("section").filter({ has: page.getByRole("link", { name: "broken" }) });
  await broken.getByText("(EXPRESSION_FAILED ×1)").waitFor();
  await broken.getByText("Accuracy").locator("..").getByText("no data").waitFor();
  await page.getByText("✓ No alert is open.").waitFor();
  await page.getByText(/up for/).waitFor();
  await page.getByRole("link", { name: /1 open review, the first due in/ }).waitFor();
  const failed = page.getByRole("listitem").filter({ hasText: "failed" }).first();
  const waiting = { stream: "workflow/letters", expectedSeq: null, actor: "engine" };
  const degraded = { type: "workflow.degraded", data: { reason: "30% of 50 runs failed, above 20%" } };
  await world.engine.journal.append([{ ...waiting, events: [degraded] }]);
  await world.engine.alerts.look();
  await page
    .getByRole("list", { name: "Open alerts" })
    .getByText("letters is degraded: 30% of 50 runs failed, above 20%.")
    .waitFor();
  await failed.getByRole("link", { name: "1 run" }).click();
  await page.waitForURL(/status=failed/);
  assert.deepEqual(trouble, []);
});

test("runs are looked for by text and tag, and a wrong address finds no less", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await world.engine.start("patient", { input: {}, tags: { tenant: "acme" } });
  await world.engine.start("patient", { input: {}, tags: { tenant: "other" } });
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/runs?costMin=much&tag=nothing`);
  await page.getByRole("row").nth(2).waitFor();
  await page.getByText("More filters").click();
  await page.getByLabel("Tags").fill("tenant=acme");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL(/tag=/);
  await page.getByText("More filters (1)").waitFor();
  await page.getByRole("row").nth(2).waitFor({ state: "detached" });
  assert.equal(await page.getByRole("row").count(), 2);
  assert.deepEqual(trouble, []);
});
