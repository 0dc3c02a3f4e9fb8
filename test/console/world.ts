import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import chromium from "@sparticuz/chromium";
import axe from "axe-core";
import { type Browser, chromium as browsers, type Page } from "playwright-core";
import { messageOf } from "../../src/core/base/index.ts";
import type { Release } from "../../src/core/executor/index.ts";
import { listenOnPort } from "../../src/http/index.ts";
import { type Engine, openEngine } from "../../src/index.ts";

// The console as a person meets it: a real engine behind the real server, in a real Chromium.

/** A run that asks a person, one that fails, and one that waits for an event. */
const workflows = {
  letters: `workflow: letters
description: Answers letters, and asks a person about each.
input:
  type: object
  required: [name]
  properties: { name: { type: string } }
steps:
  - { id: greeting, transform: { value: "Dear {{ input.name }}," } }
  - id: approval
    human_review:
      draft: "{{ greeting.value }} thank you for your letter. We open at nine o'clock."
      evidence: [{ title: Opening hours, text: "In winter we open later. We open at nine o'clock. On Sundays we are closed." }]
      assign: post
      within: 4h
  - { id: sent, emit: { event: letter.sent, data: { body: "{{ approval.value }}" } } }
output: "{{ approval.value }}"
`,
  broken: `workflow: broken
input: {}
steps:
  - { id: first, transform: { value: 1 } }
  - { id: divide, transform: { value: "{{ 1 // input.n }}" }, on_failure: fail }
`,
  patient: `workflow: patient
input: {}
steps:
  - { id: gate, wait: { event: go } }
  - { id: after, transform: { value: "{{ gate.value }}" } }
`,
};

export interface World {
  readonly engine: Engine;
  readonly url: string;
  /** Starts a run and waits until it stands still. */
  start(workflow: keyof typeof workflows, input: Record<string, string | number>): Promise<string>;
}

export async function openWorld(t: TestContext): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "flyball-console-"));
  const engine = await openEngine({ home: join(folder, "home") });
  const served = new Map<string, Release>();
  for (const [name, text] of Object.entries(workflows)) {
    writeFileSync(join(folder, `${name}.yaml`), text);
    served.set(name, (await engine.open(join(folder, `${name}.yaml`))).release);
  }
  const listening = await listenOnPort(engine, { host: "127.0.0.1", port: 0 });
  t.after(async () => {
    await listening.close();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    engine,
    url: listening.url ?? "",
    async start(workflow, input) {
      const release = served.get(workflow);
      assert.ok(release);
      const id = await engine.executor.start({ release, input });
      await engine.executor.settled(id);
      return id;
    },
  };
}

/** Why this machine cannot start one, instead. */
export async function openBrowser(): Promise<Browser | string> {
  try {
    const executablePath = await chromium.executablePath();
    return await browsers.launch({ executablePath, args: chromium.args, headless: true });
  } catch (error) {
    return `Chromium cannot start: ${messageOf(error).split("\n")[0]}`;
  }
}

/** A page, and what it did that it must not do: errors in its console, requests to other hosts. */
export interface Watched {
  readonly page: Page;
  readonly trouble: string[];
}

export async function openPage(
  browser: Browser,
  world: World,
  options: { colorScheme?: "light" | "dark"; width?: number } = {},
): Promise<Watched> {
  const { colorScheme = "light", width = 1_280 } = options;
  // The stripped-down Chromium has no locale of its own.
  const context = await browser.newContext({
    locale: "en-US",
    colorScheme,
    viewport: { width, height: 800 },
  });
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") trouble.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${world.url}/`)) trouble.push(`outside request: ${request.url()}`);
  });
  await page.goto(world.url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return { page, trouble };
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

const pictures = fileURLToPath(new URL("../../.cache/console/", import.meta.url));

export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}
