import type { Browser, Page } from "playwright-core";
import { scriptBytes, shifted } from "../../test/console/weight.ts";
import { accessibilityProblems, isLoaded, openTab } from "../../test/console/world.ts";

// What a person waits for, on the page's own clock: from the navigation, or the press of a button, until a
// frame that shows what was asked for has been drawn. test/console/probe.mjs looks from within the page.

export interface Target {
  readonly browser: Browser;
  readonly url: string;
  /** The run with the most steps. */
  readonly survey: string;
}

export interface Timing {
  readonly what: string;
  readonly valuesMs: readonly number[];
  /** No more than this is asked for. */
  readonly barMs?: number;
}

/** Collects what each opening took, by what was waited for. */
export class Timings {
  readonly #timings = new Map<string, { valuesMs: number[]; barMs?: number }>();

  add(what: string, ms: number, barMs?: number): void {
    const timing = this.#timings.get(what) ?? { valuesMs: [], ...(barMs ? { barMs } : {}) };
    timing.valuesMs.push(ms);
    this.#timings.set(what, timing);
  }

  all(): readonly Timing[] {
    return [...this.#timings].map(([what, timing]) => ({ what, ...timing }));
  }
}

const hasRows = "document.querySelectorAll('tbody a').length > 20";
const hasLines = "document.querySelectorAll('ol li button .bg-busy').length > 10";
const hasNodes = "document.querySelectorAll('.react-flow__node').length > 5";
const isWhole = "document.querySelector('h1') && !document.querySelector('[aria-label=Loading]')";
const press = (selector: string, text: string) =>
  `[...document.querySelectorAll('${selector}')].find((each) => each.textContent.trim() === '${text}').click()`;

/** From the navigation until it is drawn. */
async function openingMs(page: Page, address: string, isThere: string): Promise<number> {
  await page.goto(address, { waitUntil: "commit" });
  return page.evaluate<number>(`probe.drawn(() => ${isThere})`);
}

function afterMs(page: Page, act: string, isThere: string): Promise<number> {
  return page.evaluate<number>(`probe.after(() => ${act}, () => ${isThere})`);
}

export async function timeFirstPage({ browser, url }: Target, timings: Timings): Promise<void> {
  const { page } = await openTab(browser, { url });
  const wholeMs = await openingMs(page, `${url}/`, isWhole);
  const quietMs = await page.evaluate<number>("probe.quiet()");
  const paintMs = await page.evaluate<number>("probe.firstPaint()");
  timings.add("first page: something is painted", paintMs);
  timings.add("first page: it is whole and answers", Math.max(wholeMs, quietMs), 1_500);
  await page.context().close();
}

export async function timeList({ browser, url }: Target, timings: Timings): Promise<void> {
  const { page } = await openTab(browser, { url });
  timings.add("list: opened, nothing in the cache", await openingMs(page, `${url}/runs`, hasRows), 300);
  timings.add("list: opened again", await openingMs(page, `${url}/runs`, hasRows), 300);
  await openingMs(page, `${url}/models`, isWhole);
  timings.add("list: from another page", await afterMs(page, press("nav a", "Runs"), hasRows), 300);
  await page.context().close();
}

export async function timeRun({ browser, url, survey }: Target, timings: Timings): Promise<void> {
  const { page } = await openTab(browser, { url });
  const address = `${url}/runs/${survey}`;
  timings.add("2,000 steps: timeline, nothing in the cache", await openingMs(page, address, hasLines), 1_000);
  timings.add("2,000 steps: timeline, opened again", await openingMs(page, address, hasLines), 1_000);
  timings.add("2,000 steps: graph", await afterMs(page, press("button", "graph"), hasNodes), 1_000);
  await openingMs(page, `${url}/runs?workflow=survey`, "document.querySelector('tbody a')");
  const link = "document.querySelector('tbody a').click()";
  timings.add("2,000 steps: timeline, from the list", await afterMs(page, link, hasLines), 1_000);
  await page.context().close();
}

const filters: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  workflow: { workflow: "invoices" },
  status: { status: "failed" },
  "workflow and status": { workflow: "imports", status: "paused" },
  text: { q: "by zero" },
  "text that no run has": { q: "no run says this" },
  tag: { tag: "tenant=acme" },
  cost: { costMin: "0.05" },
  days: { from: daysAgo(20), to: daysAgo(19) },
};

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}

/** From the press of Apply, or the choice, until the list shows the runs that the API names. */
export async function timeFilters({ browser, url }: Target, timings: Timings): Promise<void> {
  for (const [name, filter] of Object.entries(filters)) {
    const { page } = await openTab(browser, { url });
    await openingMs(page, `${url}/runs`, hasRows);
    const answer = await fetch(`${url}/v1/runs?${new URLSearchParams(filter)}`);
    const { items } = (await answer.json()) as { items: readonly { runId: string }[] };
    const wanted = items.slice(0, 5).map(({ runId }) => `/runs/${runId}`);
    const shown = "[...document.querySelectorAll('tbody a')].slice(0, 5).map((each) => each.pathname)";
    const isThere = `location.search && JSON.stringify(${shown}) === '${JSON.stringify(wanted)}'`;
    timings.add(`filter: ${name}`, await filterMs(page, filter, isThere), 300);
    await page.context().close();
  }
}

async function filterMs(
  page: Page,
  filter: Readonly<Record<string, string>>,
  isThere: string,
): Promise<number> {
  const { workflow, status, ...more } = filter;
  let tookMs = 0;
  const choices = Object.entries({ Workflow: workflow, Status: status }).filter(([, value]) => value);
  for (const [index, [label, value = ""]] of choices.entries()) {
    const choosing = page.evaluate<number>(
      `probe.after(() => {}, () => ${index === choices.length - 1 ? isThere : "location.search"})`,
    );
    await page.getByLabel(label).selectOption(value);
    tookMs = await choosing;
  }
  if (Object.keys(more).length === 0) return tookMs;
  await page.getByText("More filters").click();
  for (const [name, value] of Object.entries(more)) await page.locator(`[name=${name}]`).fill(value);
  return afterMs(page, press("button", "Apply"), isThere);
}

export interface Scrolled {
  readonly what: string;
  readonly frames: number;
  readonly over50Ms: number;
  readonly longestMs: number;
  /** Of the page's own: tasks over 50 ms. */
  readonly longTasks: number;
}

const scrollFrames = 300;

export async function scrollAll(target: Target): Promise<readonly Scrolled[]> {
  const { browser, url, survey } = target;
  const { page } = await openTab(browser, { url });
  const results = [];
  await openingMs(page, `${url}/flyball.svg`, "true");
  const empty = "document.documentElement.style.cssText = 'display: block; height: 100000px'";
  await page.evaluate(empty);
  results.push(await scroll(page, "an empty page, to compare with", "window"));
  await openingMs(page, `${url}/runs`, hasRows);
  results.push(await scroll(page, "the list, 120 px a frame", "window"));
  await openingMs(page, `${url}/runs/${survey}`, hasLines);
  await page.evaluate("document.querySelector('ol').parentElement.scrollTop = 0");
  results.push(
    await scroll(page, "2,000 steps, 120 px a frame", "document.querySelector('ol').parentElement"),
  );
  await page.context().close();
  return results;
}

async function scroll(page: Page, what: string, element: string): Promise<Scrolled> {
  await page.evaluate("probe.quiet()");
  const before = await page.evaluate<number>("probe.longTasks.length");
  const frames = await page.evaluate<number[]>(
    `probe.scroll(${element}, { byPx: 120, frames: ${scrollFrames} })`,
  );
  const longTasks = (await page.evaluate<number>("probe.longTasks.length")) - before;
  const over50Ms = frames.filter((ms) => ms > 50).length;
  return { what, frames: frames.length, over50Ms, longestMs: Math.max(...frames), longTasks };
}

export interface PageFacts {
  readonly path: string;
  readonly shift: number;
  readonly scriptKb: number;
  readonly axeViolations: number;
  /** Errors in its console, and requests to other hosts. */
  readonly trouble: readonly string[];
}

export async function factsOf({ browser, url }: Target, path: string): Promise<PageFacts> {
  const { page, trouble } = await openTab(browser, { url });
  await page.goto(url + path);
  await isLoaded(page);
  await page.evaluate("probe.quiet()");
  const shift = await shifted(page);
  const scriptKb = (await scriptBytes(page)) / 1_000;
  const axeViolations = (await accessibilityProblems(page)).length;
  await page.context().close();
  return { path, shift, scriptKb, axeViolations, trouble };
}
