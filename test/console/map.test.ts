import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import type { Mined, Variant } from "../../src/client/index.ts";
import { mapOf } from "../../ui/src/process-map.ts";
import { heading, isLoaded, openBench, openPage, type World } from "./world.ts";

const setup = await openBench();

/** Four tickets of one turn, two of two, and a refund that a person answers after a while. */
async function tickets(world: World): Promise<void> {
  for (const turns of [1, 1, 1, 1, 2, 2]) await world.start("tickets", { kind: "usual", turns });
  const run = await world.start("tickets", { kind: "refund", turns: 1 });
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const [review] = world.engine.control.reviews({ status: "open", run, limit: 1 });
  await world.engine.decide(String(review?.id), { decision: "approve", reviewer: "ada" });
  await world.engine.executor.settled(run);
}

const box = (page: Page, name: string) => page.getByRole("group", { name: new RegExp(`^${name}: `) });
const line = (page: Page, from: string, to: string) =>
  page.getByRole("group", { name: new RegExp(`^from ${from} to ${to}: `) });
const figures = (page: Page) =>
  page.locator("section", { has: page.getByRole("heading", { name: "Figures" }) });

test("the map draws how runs went, by the figure that is asked for, and the tables say the same", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await tickets(world);
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/workflows/tickets`);
  await page.getByRole("main").getByRole("link", { name: "Process map" }).click();
  await heading(page, "Process map").waitFor();
  await page.getByText("7 runs, which went 3 ways").waitFor();
  await box(page, "polish\\.word").getByText("9 × · ↻ 2 again").waitFor();
  await line(page, "sort", "answer\\.usual")
    .getByText(/^(! )?6$/)
    .waitFor();
  await page.getByRole("button", { name: "people" }).click();
  await page
    .getByRole("group", { name: /^from polish\.tone to approval: people [1-9][\d.]* s, a bottleneck$/ })
    .waitFor();
  const lines = page.getByRole("region", { name: "What follows what" });
  await lines
    .getByRole("row", { name: /^polish\.tone approval 7 .* [1-9][\d.]* s .*! \d+(\.\d)?% of all time$/ })
    .waitFor();
  await page.getByRole("button", { name: "cost" }).click();
  await box(page, "sort")
    .getByText(/^7 × · \$0\.0/)
    .waitFor();
  const activities = page.getByRole("region", { name: "Activities" });
  await activities.getByRole("row", { name: /^sort 7 7 0 – .*\$0\.0/ }).waitFor();
  await page
    .getByRole("region", { name: "Hand-overs" })
    .getByRole("row", { name: "machine ada 1" })
    .waitFor();
  assert.deepEqual(trouble, []);
});

test("a way is found among the others, and leads to a run that went it", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await tickets(world);
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/map?workflow=tickets`);
  await page.getByLabel(/^Runs shown/).fill("60");
  await page.getByText("60%: 2 of 3 ways").waitFor();
  await box(page, "answer\\.refund").waitFor({ state: "detached" });
  await page.getByLabel(/^Runs shown/).fill("100");
  const refund = page.getByRole("button", { name: /^1 run .*answer\.refund/ });
  await refund.click();
  await page.locator("[data-id='a:answer.usual'] .opacity-30").waitFor();
  assert.equal(await page.locator("[data-id='a:answer.refund'] .opacity-30").count(), 0);
  await refund.locator("xpath=..").getByRole("link", { name: "One of them" }).click();
  await heading(page, /completed/).waitFor();
  await page.getByText("answer.refund").first().waitFor();
  assert.deepEqual(trouble, []);
});

test("by keyboard, what has the focus shows its figures", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await tickets(world);
  const { page, trouble } = await openPage(browser, world);
  await page.keyboard.press("p");
  await page.getByLabel("Workflow").selectOption("tickets");
  await page.waitForURL(/workflow=tickets/);
  await line(page, "polish\\.tone", "approval").focus();
  await figures(page)
    .getByText(/^[1-9][\d.]* s, [1-9][\d.]* s in all$/)
    .waitFor();
  await figures(page)
    .getByText(/^! [1-9][\d.]* s waited in all, /)
    .waitFor();
  await box(page, "polish\\.word").focus();
  await figures(page).getByText("2 times, in 2 runs").waitFor();
  await page.getByRole("link", { name: /^Skip the drawing/ }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const focused = await page.evaluate("document.activeElement.getAttribute('aria-label')");
  assert.equal(focused, "What follows what");
  assert.deepEqual(trouble, []);
});

test("days, kinds and the log for other tools; a map without runs says where they come from", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  await tickets(world);
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/map?workflow=tickets`);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "CSV" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "tickets.csv");
  await page.getByRole("combobox", { name: "Activities" }).selectOption("kind");
  await box(page, "human_review").waitFor();
  await page.getByLabel("to", { exact: true }).fill("2020-01-01");
  await page.getByText("Nothing ran in these days.").waitFor();
  await page.goto(`${world.url}/map?workflow=patient`);
  await page.getByText("patient has not run yet.").waitFor();
  await isLoaded(page);
  assert.deepEqual(trouble, []);
});

test("the most frequent ways come first, and no more than can be looked at is drawn", () => {
  const variant = (activities: string[], cases: number): Variant => ({
    activities,
    cases,
    share: cases / 10,
    duration: null,
    cost: null,
    example: "1",
  });
  const times = { service: null, queue: null, human: null, external: null, cost: null };
  const edge = (from: string, to: string, count: number) => ({ from, to, count, elapsed: null, ...times });
  const mined: Mined = {
    cases: 10,
    events: 20,
    activities: 3,
    variants: 3,
    dfg: [],
    startActivities: { a: 10 },
    endActivities: { b: 7, c: 3 },
    firstAt: null,
    lastAt: null,
    caseDuration: null,
    topVariants: [variant(["a", "b"], 7), variant(["a", "c"], 2), variant(["a", "a", "c"], 1)],
    edges: [edge("a", "b", 7), edge("a", "c", 3), edge("a", "a", 1)],
    activityTimes: ["a", "b", "c"].map((activity) => ({ activity, count: 1, ...times })),
    rework: [{ activity: "a", cases: 1, repeats: 1 }],
    handovers: [],
    bottlenecks: [{ from: "a", to: "c", count: 3, of: "queue", waitMs: 5, share: 0.4 }],
    notes: [],
  };
  const shown = (share: number) => {
    const map = mapOf(mined, share);
    return [map.edges.map(({ from, to }) => from + to), map.activities.map(({ name }) => name)];
  };
  assert.deepEqual(shown(0), [["ab"], ["a", "b"]]);
  assert.deepEqual(shown(0.7), [["ab"], ["a", "b"]]);
  assert.deepEqual(shown(0.9), [
    ["ab", "ac"],
    ["a", "b", "c"],
  ]);
  assert.deepEqual(shown(1)[0], ["ab", "ac", "aa"]);
  const [, toC] = mapOf(mined, 1).edges;
  assert.equal(toC?.bottleneck?.waitMs, 5);
  const many = Array.from({ length: 400 }, (_, index) => edge("a", `to ${index}`, 400 - index));
  assert.equal(mapOf({ ...mined, edges: many }, 1).edges.length, 300);
});
