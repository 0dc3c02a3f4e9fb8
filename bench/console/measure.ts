import type { Browser, CDPSession, Page } from "playwright-core";
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
  /** Of the page's main thread: what other work on the machine has no part in. */
  readonly cpuMs: readonly number[];
  /** No more than this is asked for. */
  readonly barMs: number | undefined;
}

interface Took {
  readonly ms: number;
  readonly cpuMs: number;
}

/** Collects what each opening took, by what was waited for. */
export class Timings {
  readonly #timings = new Map<string, { valuesMs: number[]; cpuMs: number[]; barMs: number | undefined }>();

  add(what: string, { ms, cpuMs }: Took, barMs?: number): void {
    const timing = this.#timings.get(what) ?? { valuesMs: [], cpuMs: [], barMs };
    timing.valuesMs.push(ms);
    timing.cpuMs.push(cpuMs);
    this.#timings.set(what, timing);
  }

  all(): readonly Timing[] {
    return [...this.#timings].map(([what, timing]) => ({ what, ...timing }));
  }
}

interface Tab {
  readonly page: Page;
  readonly debug: CDPSession;
}

/** A tab with nothing of the console in its cache; that a browser starts a process for it is not counted. */
async function coldTab({ browser, url }: Target): Promise<Tab> {
  const { page } = await openTab(browser, { url });
  await page.goto(`${url}/healthz`);
  const debug = await page.context().newCDPSession(page);
  await debug.send("Performance.enable", { timeDomain: "threadTicks" });
  return { page, debug };
}

async function threadMs(debug: CDPSession): Promise<number> {
  const { metrics } = await debug.send("Performance.getMetrics");
  return 1_000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0);
}

const hasRows = "document.querySelectorAll('tbody a').length > 20";
const hasLines = "document.querySelectorAll('ol li button .bg-busy').length > 10";
const hasNodes = "document.querySelectorAll('.react-flow__node').length > 5";
const isWhole = "document.querySelector('h1') && !document.querySelector('[aria-label=Loading]')";
const press = (selector: string, text: string) =>
  `[...document.querySelectorAll('${selector}')].find((each) => each.textContent.trim() === '${text}').click()`;
/** As a person's choice in a list, but within the page, where the clock is. */
const choose = (label: string, value: string) => `{
  const list = [...document.querySelectorAll('label')].find((each) => each.textContent.startsWith('${label}'));
  const select = list.querySelector('select');
  select.value = '${value}';
  select.dispatchEvent(new Event('change', { bubbles: true }));
}`;

/** From the navigation until it is drawn. The thread's time begins anew with the page. */
async function opening({ page, debug }: Tab, address: string, isThere: string): Promise<Took> {
  await page.goto(address, { waitUntil: "commit" });
  const ms = await page.evaluate<number>(`probe.drawn(() => ${isThere})`);
  return { ms, cpuMs: await threadMs(debug) };
}

/** From doing something until what it leads to is drawn. */
async function after({ page, debug }: Tab, act: string, isThere: string): Promise<Took> {
  const before = await threadMs(debug);
  const ms = await page.evaluate<number>(`probe.after(() => ${act}, () => ${isThere})`);
  return { ms, cpuMs: (await threadMs(debug)) - before };
}

export async function timeFirstPage(target: Target, timings: Timings): Promise<void> {
  const tab = await coldTab(target);
  const { page } = tab;
  const whole = await opening(tab, `${target.url}/`, isWhole);
  const quietMs = await page.evaluate<number>("probe.quiet()");
  timings.add("first page: whole, and it answers", { ...whole, ms: Math.max(whole.ms, quietMs) }, 1_500);
  await page.context().close();
}

export async function timeList(target: Target, timings: Timings): Promise<void> {
  const { url } = target;
  const tab = await coldTab(target);
  timings.add("an empty answer, to compare with", await opening(tab, `${url}/healthz`, "true"));
  timings.add("list: opened, nothing in the cache", await opening(tab, `${url}/runs`, hasRows), 300);
  timings.add("list: opened again", await opening(tab, `${url}/runs`, hasRows), 300);
  await opening(tab, `${url}/models`, isWhole);
  timings.add("list: from another page", await after(tab, press("nav a", "Runs"), hasRows), 300);
  await tab.page.context().close();
}

export async function timeRun(target: Target, timings: Timings): Promise<void> {
  const { url, survey } = target;
  const tab = await coldTab(target);
  const address = `${url}/runs/${survey}`;
  timings.add("2,000 steps: timeline, nothing in the cache", await opening(tab, address, hasLines), 1_000);
  timings.add("2,000 steps: timeline, opened again", await opening(tab, address, hasLines), 1_000);
  timings.add("2,000 steps: graph", await after(tab, press("button", "graph"), hasNodes), 1_000);
  await opening(tab, `${url}/runs?workflow=survey`, "document.querySelector('tbody a')");
  const link = "document.querySelector('tbody a').click()";
  timings.add("2,000 steps: timeline, from the list", await after(tab, link, hasLines), 1_000);
  await tab.page.context().close();
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
export async function timeFilters(target: Target, timings: Timings): Promise<void> {
  const { url } = target;
  const tab = await coldTab(target);
  for (const [name, filter] of Object.entries(filters)) {
    await opening(tab, `${url}/runs`, hasRows);
    const answer = await fetch(`${url}/v1/runs?${new URLSearchParams(filter)}`);
    const { items } = (await answer.json()) as { items: readonly { runId: string }[] };
    const wanted = items.slice(0, 5).map(({ runId }) => `/runs/${runId}`);
    const shown = "[...document.querySelectorAll('tbody a')].slice(0, 5).map((each) => each.pathname)";
    const isThere = `location.search && JSON.stringify(${shown}) === '${JSON.stringify(wanted)}'`;
    timings.add(`filter: ${name}`, await chosen(tab, filter, isThere), 300);
  }
  await tab.page.context().close();
}

async function chosen(tab: Tab, filter: Readonly<Record<string, string>>, isThere: string): Promise<Took> {
  const { page } = tab;
  const { workflow, status, ...more } = filter;
  if (workflow && status) await page.getByLabel("Workflow").selectOption(workflow);
  if (status) return after(tab, choose("Status", status), isThere);
  if (workflow) return after(tab, choose("Workflow", workflow), isThere);
  await page.getByText("More filters").click();
  for (const [name, text] of Object.entries(more)) await page.locator(`[name=${name}]`).fill(text);
  return after(tab, press("button", "Apply"), isThere);
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
  const { url, survey } = target;
  const tab = await coldTab(target);
  const { page } = tab;
  const results = [];
  await page.evaluate("document.body.style.height = '100000px'");
  results.push(await scroll(page, "an empty page, to compare with", "window"));
  await opening(tab, `${url}/runs`, hasRows);
  results.push(await scroll(page, "the list, 120 px a frame", "window"));
  await opening(tab, `${url}/runs/${survey}`, hasLines);
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
