import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import chromium from "@sparticuz/chromium";
import axe from "axe-core";
import { type Browser, chromium as browsers, type Page } from "playwright-core";
import { messageOf } from "../../src/core/base/index.ts";
import { listenOnPort } from "../../src/http/index.ts";
import { type Engine, openEngine } from "../../src/index.ts";
import { files, workflows } from "./project.ts";

// The console as a person meets it: a real engine behind the real server, in a real Chromium.

export interface World {
  readonly engine: Engine;
  readonly url: string;
  /** Starts a run and waits until it stands still. */
  start(workflow: keyof typeof workflows, input: Record<string, string | number>): Promise<string>;
  /** Nobody answers at its address until the work is done. */
  away(work: () => Promise<void>): Promise<void>;
}

async function openWorld(t: TestContext): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "flyball-console-"));
  const engine = await openEngine({ home: join(folder, "home") });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  for (const name of Object.keys(workflows)) await engine.open(join(folder, `${name}.yaml`));
  await engine.keepBudgets(engine.project(folder));
  let listening = await listenOnPort(engine, { host: "127.0.0.1", port: 0 });
  t.after(async () => {
    await listening.close();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    engine,
    url: listening.url ?? "",
    async start(workflow, input) {
      const id = await engine.start(workflow, { input });
      await engine.executor.settled(id);
      return id;
    },
    async away(work) {
      const port = Number(new URL(listening.url ?? "").port);
      await listening.close();
      await work();
      listening = await listenOnPort(engine, { host: "127.0.0.1", port });
    },
  };
}

/** For all tests of a file: a browser, and a world for each test that has one; else the test says why not. */
export const openBench = () => openBenchOf(openWorld);

export async function openBenchOf<Opened>(open: (t: TestContext) => Promise<Opened>) {
  const browser = await openBrowser();
  after(() => (typeof browser === "string" ? undefined : browser.close()));
  return async (t: TestContext) => {
    if (typeof browser !== "string") return { browser, world: await open(t) };
    t.skip(browser);
    return undefined;
  };
}

/** Why this machine cannot start one, instead. */
export async function openBrowser(args: readonly string[] = chromium.args): Promise<Browser | string> {
  try {
    const executablePath = await chromium.executablePath();
    return await browsers.launch({ executablePath, args: [...args], headless: true });
  } catch (error) {
    return `Chromium cannot start: ${messageOf(error).split("\n")[0]}`;
  }
}

/** A page, and what it did that it must not do: errors in its console, requests to other hosts. */
export interface Watched {
  readonly page: Page;
  readonly trouble: string[];
}

interface Looks {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
}

/** An empty page of a browser profile of its own: nothing is in its cache. */
export async function openTab(
  browser: Browser,
  world: Pick<World, "url">,
  options: Looks = {},
): Promise<Watched> {
  const { colorScheme = "light", width = 1_280 } = options;
  // The stripped-down Chromium has no locale of its own.
  const context = await browser.newContext({
    locale: "en-US",
    colorScheme,
    viewport: { width, height: 800 },
  });
  await context.addInitScript({ path: probe });
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") trouble.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${world.url}/`)) trouble.push(`outside request: ${request.url()}`);
  });
  return { page, trouble };
}

const probe = fileURLToPath(new URL("probe.mjs", import.meta.url));

export async function openPage(
  browser: Browser,
  world: Pick<World, "url">,
  options: Looks = {},
): Promise<Watched> {
  const opened = await openTab(browser, world, options);
  await opened.page.goto(world.url);
  await opened.page.getByRole("heading", { level: 1 }).waitFor();
  return opened;
}

/** What axe-core finds wrong on the page by WCAG 2.2 AA, as one line each. */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  // The page's policy lets no script in but the server's own; this one comes through the debugger.
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe: runner } = globalThis as unknown as { axe: typeof axe };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await runner.run({ runOnly: tags });
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ html }) => html).join(" | ")})`,
    );
  });
  return found;
}

export const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name });

/** Nothing on the page stands in for what is still to come. */
export async function isLoaded(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  while ((await page.getByRole("status", { name: "Loading" }).count()) > 0) await page.waitForTimeout(20);
}

const pictures = fileURLToPath(new URL("../../.cache/console/", import.meta.url));

export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}
