import assert from "node:assert/strict";
import { test } from "node:test";
import { addVersion, startRollout } from "./registry.ts";
import {
  accessibilityProblems,
  heading,
  isLoaded,
  keepPicture,
  openBench,
  openPage,
  type World,
} from "./world.ts";

const setup = await openBench();

/** Every page in a state that shows most of it, by the name of its picture. */
async function pagesOf(world: World): Promise<Record<string, string>> {
  const [waiting, failed] = [
    await world.start("letters", { name: "Ada" }),
    await world.start("broken", { n: 0 }),
  ];
  const [asked, again] = [
    await world.start("triage", { text: "Where is my bill?" }),
    await world.start("triage", { text: "Thanks" }),
  ];
  await addVersion(world, "Say in one word what the message is about.");
  const rollout = await startRollout(world);
  return {
    overview: "/",
    "run-asked": `/runs/${asked}?step=topic`,
    compare: `/runs/${asked}/compare/${again}`,
    assets: "/assets",
    asset: "/assets/prompt/classify",
    edit: "/assets/workflow/triage/edit",
    rollouts: "/rollouts",
    rollout: `/rollouts/${rollout}`,
    models: "/models",
    costs: "/costs",
    runs: "/runs",
    "runs-empty": "/runs?status=expired",
    "run-waiting": `/runs/${waiting}`,
    "run-failed": `/runs/${failed}`,
    reviews: "/reviews",
    workflows: "/workflows",
    workflow: "/workflows/letters",
    map: "/map?workflow=triage",
    "map-empty": "/map?workflow=patient",
  };
}

test("each page is accessible, in both themes and on a narrow screen, and asks nobody else", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { browser, world } = parts;
  const pages = Object.entries(await pagesOf(world));
  for (const [colorScheme, width] of [
    ["light", 1_280],
    ["dark", 1_280],
    ["light", 360],
  ] as const) {
    const { page, trouble } = await openPage(browser, world, { colorScheme, width });
    for (const [name, path] of pages) {
      await page.goto(world.url + path);
      await isLoaded(page);
      assert.deepEqual(await accessibilityProblems(page), [], `${name}, ${colorScheme}, ${width} px`);
      const needed = Number(await page.evaluate("document.documentElement.scrollWidth"));
      assert.ok(needed <= width, `${name} needs ${needed} of ${width} px`);
      await keepPicture(page, `${name}-${colorScheme}-${width}`);
    }
    assert.deepEqual(trouble, [], `${colorScheme}, ${width} px`);
  }
});

test("the list shows a new run by itself, and its filters are the address", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { page, trouble } = await openPage(browser, world);
  await page.keyboard.press("u");
  await page.getByText("Nothing has run yet.").waitFor();
  await world.start("letters", { name: "Ada" });
  await world.start("broken", { n: 0 });
  await page
    .getByRole("link", { name: /^[0-9a-f]{8}-/ })
    .nth(1)
    .waitFor();
  await page.getByLabel("Status").selectOption("failed");
  await page.waitForURL(/status=failed/);
  await page.getByRole("cell", { name: "letters" }).waitFor({ state: "detached" });
  assert.equal(await page.getByRole("row").count(), 2);
  await page.reload();
  await page.getByRole("cell", { name: "broken" }).waitFor();
  assert.equal(await page.getByLabel("Status").inputValue(), "failed");
  assert.deepEqual(trouble, []);
});

test("a run's page says why it waits, and follows it to its end", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const run = await world.start("patient", {});
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/runs/${run}`);
  await page.getByText(/Waits for the event go at/).waitFor();
  await world.engine.command(run, { kind: "signal", event: "go", data: 42 });
  await page.getByRole("region", { name: "Output" }).getByText("42").waitFor();
  await heading(page, /completed/).waitFor();
  await page.getByRole("button", { name: "graph" }).click();
  await page.getByRole("group", { name: "gate, wait" }).or(page.getByLabel("gate, wait")).first().waitFor();
  assert.deepEqual(trouble, []);
});

test("a page follows its run on when the server was away for a while", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const run = await world.start("patient", {});
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/runs/${run}`);
  await page.getByText(/Waits for the event go/).waitFor();
  await world.away(async () => {
    await page.waitForTimeout(1_500);
    await world.engine.command(run, { kind: "signal", event: "go", data: 42 });
  });
  await heading(page, /completed/).waitFor();
  trouble.length = 0; // The browser writes each failed request into its console.
  await page.getByRole("region", { name: "Output" }).getByText("42").waitFor();
  assert.deepEqual(trouble, []);
});

test("a run is paused, resumed, cancelled and begun again from a step", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const run = await world.start("patient", {});
  const { page, trouble } = await openPage(browser, world);
  await page.goto(`${world.url}/runs/${run}`);
  await page.getByRole("button", { name: "Pause" }).click();
  await heading(page, /paused/).waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await heading(page, /waiting/).waitFor();
  await page.getByRole("button", { name: "Cancel run" }).click();
  await heading(page, /cancelled/).waitFor();
  await page.getByRole("button", { name: "Restart from gate" }).click();
  await page.waitForURL((url) => !url.pathname.endsWith(run));
  await page.getByText("Goes on from").waitFor();
  assert.deepEqual(trouble, []);
});

test("reviews are answered by keyboard alone: approved, corrected with its changes shown, rejected", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const runs = [];
  for (const name of ["Ada", "Bob", "Cy"]) runs.push(await world.start("letters", { name }));
  const { page, trouble } = await openPage(browser, world);
  await page.keyboard.press("v");
  await heading(page, "Reviews").waitFor();
  await page.getByRole("region", { name: "Draft" }).getByText("Dear Ada").waitFor();
  assert.equal(await page.locator("mark").first().textContent(), "We open at nine o'clock.");
  await page.keyboard.press("a");
  await page.getByRole("region", { name: "Draft" }).getByText("Dear Bob").waitFor();
  await page.keyboard.press("c");
  await page
    .getByLabel("Correction")
    .fill("Dear Robert, thank you for your letter. We open at nine o'clock.");
  assert.equal(await page.getByRole("region", { name: "What changes" }).locator("del").textContent(), "Bob");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("region", { name: "Draft" }).getByText("Dear Cy").waitFor();
  await page.keyboard.press("r");
  await page.getByText("Nobody waits for an answer.").waitFor();
  const rows = runs.map((run) => world.engine.control.run(run)?.status);
  assert.deepEqual(rows, ["completed", "completed", "rejected"]);
  assert.deepEqual(trouble, []);
});

test("a run is started from its workflow's page, and a wrong input is told where it is wrong", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const { page, trouble } = await openPage(browser, world);
  await page.keyboard.press("/");
  await page.getByRole("combobox", { name: "Go to" }).fill("lett");
  await page.getByRole("option", { name: "letters" }).waitFor();
  await page.keyboard.press("Enter");
  await heading(page, "letters").waitFor();
  await page.getByLabel("Input (JSON)").fill('{"name": 3}');
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByRole("alert").getByText("INPUT_INVALID").waitFor();
  trouble.length = 0; // The browser writes each refused request into its console.
  await page.getByLabel("Input (JSON)").fill('{"name": "Ada"}');
  await page.getByRole("button", { name: "Start" }).click();
  await heading(page, /waiting/).waitFor();
  assert.deepEqual(trouble, []);
});

test("what a model or a customer wrote is text: nothing of it runs, and nothing is fetched", async (t) => {
  const parts = await setup(t);
  if (!parts) return;
  const { world, browser } = parts;
  const attack = `<img src=x onerror="window.hit=1"><script>window.hit=1</script>[a](javascript:window.hit=1)<svg onload=window.hit=1>`;
  const run = await world.start("letters", { name: attack });
  const { page, trouble } = await openPage(browser, world);
  for (const path of ["/runs", `/runs/${run}`, "/reviews"]) {
    await page.goto(world.url + path);
    await isLoaded(page);
    assert.equal(await page.evaluate("'hit' in window"), false, path);
  }
  await page.getByRole("region", { name: "Draft" }).getByText("onerror").waitFor();
  assert.deepEqual(trouble, []);
});
