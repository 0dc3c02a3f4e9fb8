import assert from "node:assert/strict";
import { test } from "node:test";
import { addVersion, startRollout } from "./registry.ts";
import { heading, isLoaded, openBench, openPage } from "./world.ts";

const setup = await openBench();
const line = "prompt/classify";

test("two versions are compared, one becomes production, and the way back is beside it", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { registry } = world.engine;
  const first = registry.labelled(line, "production");
  await addVersion(world, "Name the topic.");
  const second = registry.version(line, "newest");
  const { page, trouble } = await openPage(browser, world);
  await page.keyboard.press("g");
  await page.getByRole("link", { name: "classify" }).click();
  const diff = page.getByRole("region", { name: "What differs" });
  await diff.locator("ins", { hasText: "Name the topic." }).waitFor();
  await diff.locator("del", { hasText: "Say what the message is about" }).waitFor();
  await page.getByText("There is no version from before to go back to.").waitFor();

  await page.getByRole("button", { name: `Move a label to ${second.slice(0, 12)}` }).click();
  await page.getByLabel("Reason").fill("shorter is enough");
  await page.getByRole("button", { name: "Move production" }).click();
  await page.getByText(/by local: shorter is enough/).waitFor();
  assert.equal(registry.labelled(line, "production"), second);

  await page.getByRole("button", { name: "Roll back to" }).click();
  await page.getByLabel("Reason").fill("it was not enough");
  await page.getByRole("button", { name: "Roll back", exact: true }).click();
  await page.getByText(/by local: it was not enough/).waitFor();
  assert.equal(registry.labelled(line, "production"), first);
  await page
    .getByRole("listitem")
    .getByText(/local moved production .*: it was not enough/)
    .waitFor();

  await page.getByRole("button", { name: `Approve ${second.slice(0, 12)} for production` }).click();
  await page.getByRole("cell", { name: "local for production (unverified)" }).waitFor();
  assert.deepEqual(trouble, []);
});

test("a version of a prompt is tried on what a run was given, beside what was sent then", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const run = await world.start("triage", { text: "Where is my bill?" });
  await addVersion(world, "Name the topic.");
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/assets/prompt/classify`);
  await page.getByLabel("Run", { exact: true }).selectOption(run);
  const rendered = page.getByRole("region", { name: "Rendered prompt" });
  await rendered.getByText(/system: Name the topic\.\s+user: Where is my bill\?/).waitFor();
  await page.getByRole("region", { name: "What changes" }).locator("ins", { hasText: "topic" }).waitFor();
  await page
    .getByRole("region", { name: "Recorded answer" })
    .getByText("[simulated] Where is my bill?")
    .waitFor();
  assert.deepEqual(trouble, []);
});

test("a rollout is started with a guard, its share is changed, and it is rolled back with a reason", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await addVersion(world, "Name the topic.");
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/assets/prompt/classify`);
  await page.getByRole("button", { name: "Start a rollout" }).click();
  await page.getByLabel("Share of new runs").fill("100%");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await heading(page, /classify.*running/).waitFor();
  await page.getByText("error_rate", { exact: true }).waitFor();
  await world.start("triage", { text: "Where is my bill?" });
  await page.getByRole("row", { name: "Runs 0 1" }).waitFor();
  await page.getByLabel("Share of new runs").fill("25%");
  await page.getByRole("button", { name: "Change the share" }).click();
  await page.getByRole("heading", { name: "25% of new runs get the new version" }).waitFor();
  assert.ok(await page.getByRole("button", { name: "Roll back" }).isDisabled());
  await page.getByLabel("Reason").fill("too short");
  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByText(/New runs get the version from before again.*too short/).waitFor();
  const [rollout] = world.engine.registry.store.rollouts({});
  assert.deepEqual([rollout?.status, rollout?.reason], ["rolled_back", "too short"]);

  await page.keyboard.press("h");
  const attention = page.locator("section", { hasText: "Needs attention" });
  await attention.getByText("↶ rolled back").waitFor();
  assert.deepEqual(trouble, []);
});

test("a rollout that is promoted is production", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await addVersion(world, "Name the topic.");
  const rollout = await startRollout(world);
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/rollouts/${rollout}`);
  await page.getByRole("button", { name: "Promote to production" }).click();
  await heading(page, /promoted/).waitFor();
  const { registry } = world.engine;
  assert.equal(registry.labelled(line, "production"), registry.version(line, "newest"));
  assert.deepEqual(trouble, []);
});

test("a workflow is edited: completed by its schema, told what is wrong at its line, saved as a version", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/workflows/triage`);
  await page.getByRole("region", { name: "Definition" }).getByText("workflow: triage").waitFor();
  await page.getByRole("link", { name: "Edit" }).click();
  const text = page.getByRole("textbox", { name: "Text of triage" });
  await text.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("prio");
  await page.getByRole("option", { name: "priority" }).click();
  await page.keyboard.type("soon");
  await isLoaded(page);
  await page
    .getByRole("list", { name: "Problems" })
    .getByText(/Line 9, column \d+: .*priority|Line 9/)
    .waitFor();
  assert.ok(await page.getByRole("button", { name: /Save the version/ }).isDisabled());
  trouble.length = 0; // The browser writes each refused request into its console.
  for (const _ of "soon") await page.keyboard.press("Backspace");
  await page.keyboard.type("5");
  await page
    .getByRole("list", { name: "Problems" })
    .getByText(/Line 9/)
    .waitFor({ state: "detached" });
  await page.keyboard.press("Control+s");
  await heading(page, "triage").waitFor();
  await page
    .getByRole("region", { name: "What differs" })
    .locator("ins", { hasText: "priority: 5" })
    .waitFor();
  assert.equal(world.engine.registry.store.versions("workflow/triage").length, 2);
  assert.deepEqual(trouble, []);
});
