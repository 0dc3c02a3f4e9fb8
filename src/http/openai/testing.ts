import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import OpenAI from "openai";
import { type RunView, viewRun } from "../../core/executor/index.ts";
import type { AssetSource } from "../../core/workflow/index.ts";
import { type Engine, openEngine } from "../../engine.ts";
import {
  type FaultyProvider,
  type Script,
  startFaultyProvider,
} from "../../models/gateway/testing/faulty-provider.ts";
import { listenOnPort } from "../server.ts";

// An engine with its API on a port, a provider that does what a test says, and OpenAI's own client.

export interface Setup {
  readonly engine: Engine;
  /** What calls may name. */
  readonly assets: AssetSource;
  /** Where the API is: `http://127.0.0.1:1234/openai/v1`. */
  readonly url: string;
  readonly client: OpenAI;
  readonly provider: FaultyProvider;
  /** The run of an answer. */
  run(id: string | null | undefined): Promise<RunView>;
}

const greet = `input: { text: string, tone: string?, count: integer? }
messages:
  - { role: system, content: 'Tone: {{ tone | default("kind") }}, {{ count | default(0) }} times.' }
  - { role: user, content: "{{ text }}" }
settings: { temperature: 0 }
`;

export async function setup(t: TestContext, script?: Script, budgets = "[]"): Promise<Setup> {
  const provider = await startFaultyProvider(script ? { script } : {});
  const folder = mkdtempSync(join(tmpdir(), "flyball-openai-"));
  mkdirSync(join(folder, "prompts"));
  writeFileSync(join(folder, "prompts", "greet.yaml"), greet);
  writeFileSync(join(folder, "secret.txt"), "not a prompt");
  writeFileSync(
    join(folder, "flyball.yaml"),
    `providers: { house: { type: openai-compatible, url: "${provider.urls.openai}" } }
models:
  small: { provider: house, name: small-1, price: { input: $1/M, output: $2/M, cached: $0.5/M } }
  dummy: { provider: sim }
routes:
  default: { try: [small] }
  drafting: { try: [small, dummy] }
  # Too short for the gateway to try again by itself.
  quick: { try: [small], timeout: 3s }
budgets: ${budgets}
`,
  );
  const engine = await openEngine({ home: join(folder, "home") });
  const project = engine.project(folder);
  await engine.keepBudgets(project);
  const assets = engine.intake.assetsFor(project);
  const api = await listenOnPort(engine, {
    host: "127.0.0.1",
    port: 0,
    assets: () => assets,
  });
  t.after(async () => {
    await api.close();
    await engine.close();
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `${api.url}/openai/v1`;
  return {
    engine,
    assets,
    url,
    client: new OpenAI({ baseURL: url, apiKey: "unused", maxRetries: 0 }),
    provider,
    run: async (id) => viewRun(String(id), await engine.journal.read(`run/${id}`)),
  };
}
