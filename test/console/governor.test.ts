import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Page, Route } from "playwright-core";
import { listenOnPort } from "../../src/http/index.ts";
import { world as servedWorld } from "../../src/loop/optimizer/testing.ts";
import { accessibilityProblems, heading, isLoaded, keepPicture, openBenchOf, openPage } from "./world.ts";

/** Stands in the text that a proposal changes. */
const attack = `<img src=x onerror="window.hit=1"><script>window.hit=1</script>`;

const model = (price: string) =>
  `{ provider: sim, price: { input: ${price}/M, output: ${price}/M }, latency: { p50: 1ms, p95: 2ms }, quality: 0.97, seed: 7, labels: [a, b, c, d] }`;

const files = {
  "flyball.yaml": `models:
  large: ${model("$9")}
  small: ${model("$1")}
routes:
  intent: { try: [large] }
`,
  "flow.yaml": `workflow: flow
input: { type: object }
targets: { automated: 90%, accuracy: 90%, cost_mean: $0.00001 }
steps:
  - id: intent
    inference: { route: intent, prompt: { text: "Classify {{ input.text }}" } }
  # ${attack}
  - id: approval
    human_review: { draft: "{{ intent.value }}", confidence: "{{ intent.confidence }}", below: 0.995 } # ${attack}
output: "{{ approval.value }}"
`,
};

const setup = await openBenchOf(async (t: TestContext) => {
  const served = await servedWorld(t, files);
  const listening = await listenOnPort(served.engine, { host: "127.0.0.1", port: 0 });
  t.after(() => listening.close());
  return { ...served, engine: served.engine, url: listening.url ?? "" };
});

type Governed = NonNullable<Awaited<ReturnType<typeof setup>>>;

/** Enough runs to say something; a person has answered each review rightly. */
async function looked({ world }: Governed) {
  await world.runs(400);
  const { proposals } = await world.engine.optimizer.cycle("flow");
  assert.deepEqual(proposals.map(({ kind }) => kind).sort(), ["change_threshold", "swap_model"]);
  const id = (kind: string) => proposals.find((each) => each.kind === kind)?.id ?? "";
  return { threshold: id("change_threshold"), swap: id("swap_model") };
}

const panel = (page: Page, title: string | RegExp) =>
  page.locator("section", { has: page.getByRole("heading", { level: 2, name: title }) });

test("a look finds what could be better, and each change says why, what, and what to expect", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { page, trouble } = await openPage(browser, world);
  await page.keyboard.press("i");
  await page.getByText(/Nobody has looked yet/).waitFor();
  const look = page.getByRole("button", { name: "Look now" });
  await look.click();
  await page.getByText(/nothing to better, or too little on record/).waitFor();
  await world.runs(400);
  await look.click();
  await page.getByText(/^Looked .*: 2 findings$/).waitFor();
  const proposals = page.getByRole("list", { name: "Proposals for flow" });
  assert.match(
    (await proposals.textContent()) ?? "",
    /saves \$0\.0+\d+ a run.*saves 0\.\d+ min of people a run/,
  );
  await proposals.getByRole("link", { name: "Use a cheaper model" }).click();
  await heading(page, /Use a cheaper model.*open/).waitFor();
  const change = page.getByRole("region", { name: "What changes in the text" });
  await change.locator("del", { hasText: "large" }).waitFor();
  await change.locator("ins", { hasText: "small" }).waitFor();
  await page
    .getByRole("row", { name: /^Cost of a run, mean \$0\.0+\d+ \$0\.0+\d+ \(\$0\.0+\d+ to \$0\.0+\d+\)$/ })
    .waitFor();
  await panel(page, "What the record shows")
    .getByText(/small was right in \d+ of 300 recorded runs/)
    .waitFor();
  await panel(page, "How it is proved, and undone")
    .getByText(/shown to be right in more than 85%/)
    .waitFor();
  await page.goto(world.url);
  await page.getByRole("link", { name: "2 changes are proposed" }).click();
  await heading(page, "Governor").waitFor();
  assert.deepEqual(trouble, []);
});

test("an experiment is started after it has said what it will do, and taken back with a reason", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { swap } = await looked(parts);
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/governor/${swap}`);
  const start = page.getByRole("button", { name: "Start the experiment …" });
  await start.click();
  const asked = page.getByRole("dialog", { name: "Start the experiment?" });
  await asked.getByText("a tenth of the runs get it for real").waitFor();
  await page.keyboard.press("Escape");
  await asked.waitFor({ state: "detached" });
  assert.equal((await world.engine.optimizer.proposal(swap)).status, "open", "Escape starts nothing");
  await start.click();
  await asked.getByRole("button", { name: "Start", exact: true }).click();
  await heading(page, /testing/).waitFor();
  await page.locator("[aria-current=step]", { hasText: "shadow" }).waitFor();
  await panel(page, "Experiment")
    .getByText(/^\d+ of 300 recorded runs were walked again/)
    .waitFor();
  await page.getByText("100% of new runs have a shadow").waitFor();
  await world.runs(5);
  await page.getByText(/^\d of 5 judged answers were right, in 5 runs of this stage: \d+/).waitFor();
  const back = page.getByRole("button", { name: "Roll back" });
  assert.ok(await back.isDisabled());
  await page.getByLabel("Reason").fill("not now");
  await back.click();
  await back.waitFor({ state: "detached" });
  await world.runs(1);
  await heading(page, /rolled back/).waitFor();
  await panel(page, "Experiment").getByText("not now").waitFor();
  assert.equal((await world.engine.optimizer.proposal(swap)).status, "rolledBack");
  assert.deepEqual(trouble, []);
});

test("a proposal is declined with a reason by keys alone, and shows who said so and why", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { swap } = await looked(parts);
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/governor/${swap}`);
  await page.getByRole("button", { name: "Decline …" }).focus();
  await page.keyboard.press("Enter");
  const asked = page.getByRole("dialog", { name: "Decline the proposal?" });
  await asked.getByText(/^It is not made again as long as route intent stays as it is/).waitFor();
  await page.keyboard.type("  ");
  await page.keyboard.press("Enter");
  assert.ok(await asked.getByRole("button", { name: "Decline" }).isDisabled(), "it needs a reason");
  await page.keyboard.press("Escape");
  // It is closed before it is gone, and opens again only then.
  await page
    .locator("dialog", { has: page.getByText("Decline the proposal?") })
    .waitFor({ state: "detached" });
  assert.equal((await world.engine.optimizer.proposal(swap)).status, "open", "Escape says nothing");
  await page.keyboard.press("Enter");
  await asked.waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.keyboard.type(attack);
  await page.keyboard.press("Enter");
  await heading(page, /Use a cheaper model.*declined/).waitFor();
  await panel(page, "Declined").getByText(attack).waitFor();
  assert.equal(await page.getByRole("button", { name: "Start the experiment …" }).count(), 0);
  const { status, declined } = await world.engine.optimizer.proposal(swap);
  assert.deepEqual([status, declined?.by, declined?.reason], ["declined", "local", attack]);
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.goto(`${world.url}/governor`);
  const row = page.getByRole("listitem").filter({ hasText: "Use a cheaper model" });
  await row
    .getByText(`: ${attack}`)
    .filter({ hasText: /^By local, / })
    .waitFor();
  assert.equal(await page.evaluate("'hit' in window"), false);
  assert.deepEqual(trouble, []);
});

test("an experiment that is proved is production beside what was expected, and can still be taken back", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { threshold } = await looked(parts);
  const before = world.engine.registry.labelled("workflow/flow", "production");
  const id = await world.engine.optimizer.experiment(threshold);
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/governor`);
  await page.getByText("runs beside every run, and answers nobody").waitFor();
  const stage = async () => (await world.engine.optimizer.experimentShown(id)).stage;
  for (let round = 0; round < 40 && (await stage()) !== "promoted"; round++) await world.runs(50);
  await page.getByText("everybody has it").waitFor();
  await page.getByText(/^Saved \S+ a run, expected \S+; accuracy \d/).waitFor();
  await page.getByRole("link", { name: "Ask people less often" }).click();
  await page.locator("[aria-current=step]", { hasText: "promoted" }).waitFor();
  await page.getByRole("row", { name: /^Automated .*% ([✓!]) (inside|outside)$/ }).waitFor();
  await page.getByText(/each run is held against the bars$/).waitFor();
  await page.getByLabel("Reason").fill("people miss the drafts");
  await page.getByRole("button", { name: "Roll back" }).click();
  await panel(page, "Take it back").waitFor({ state: "detached" });
  await world.runs(1);
  await heading(page, /rolled back/).waitFor();
  const { registry } = world.engine;
  assert.equal(registry.labelled("workflow/flow", "production"), before);
  assert.deepEqual(trouble, []);
});

test("the pages are accessible in both themes and on a narrow screen, and run nothing that a text has", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { threshold, swap } = await looked(parts);
  await world.engine.optimizer.experiment(swap);
  const pages = {
    governor: "/governor",
    "proposal-open": `/governor/${threshold}`,
    proposal: `/governor/${swap}`,
  };
  for (const [colorScheme, width] of [
    ["light", 1_280],
    ["dark", 1_280],
    ["light", 360],
  ] as const) {
    const { page, trouble } = await openPage(browser, world, { colorScheme, width });
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(world.url + path);
      await isLoaded(page);
      assert.deepEqual(await accessibilityProblems(page), [], `${name}, ${colorScheme}, ${width} px`);
      const needed = Number(await page.evaluate("document.documentElement.scrollWidth"));
      assert.ok(needed <= width, `${name} needs ${needed} of ${width} px`);
      assert.equal(await page.evaluate("'hit' in window"), false);
      await keepPicture(page, `${name}-${colorScheme}-${width}`);
    }
    await page.goto(`${world.url}/governor/${threshold}`);
    await page.getByRole("region", { name: "What changes in the text" }).getByText(attack).first().waitFor();
    assert.deepEqual(trouble, [], `${colorScheme}, ${width} px`);
  }
});

test("kinds, stages and statuses that are newer than the console are shown as they are written", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { swap } = await looked(parts);
  await world.engine.optimizer.experiment(swap);
  const { page, trouble } = await openPage(browser, world);
  const changed = (changes: object) => async (route: Route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), ...changes } });
  };
  await page.route("**/v1/proposals/*", changed({ kind: "turn_around", status: "onHold" }));
  await page.route("**/v1/experiments/*", changed({ stage: "aftercare" }));
  await page.goto(`${world.url}/governor/${swap}`);
  await heading(page, /turn around.*on hold/).waitFor();
  await page.locator("[aria-current=step]", { hasText: "aftercare" }).waitFor();
  assert.deepEqual(trouble, []);
});
