import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { type Engine, openEngine } from "../../engine.ts";

// A project in a folder of its own, with an engine that serves it: models are simulated, all else is real.

export interface Served {
  readonly engine: Engine;
  readonly folder: string;
  /** Runs that were told to nobody. */
  readonly troubles: string[];
  write(file: string, text: string): void;
  /** Serves the folder's workflow files as they are now. */
  serve(): ReturnType<Engine["serve"]>;
  /** The same folder in a new process. */
  reopen(): Promise<Engine>;
}

export const settings = `models:
  small: { provider: sim, price: { input: $1/M, output: $1/M }, latency: { p50: 5ms, p95: 9ms }, quality: 1, seed: 1 }
  large: { provider: sim, price: { input: $9/M, output: $9/M }, latency: { p50: 5ms, p95: 9ms }, quality: 1, seed: 2 }
routes:
  answers: { try: [small] }
`;

export const promptText = (version: string) => `input: { text: string }
messages: [{ role: user, content: "${version} {{ text }}" }]
`;

/** Each step tells which prompt and model it had; the last one has the threshold of the document. */
export const workflowText = (threshold: number) => `workflow: asks
input: { type: object }
steps:
  - id: first
    inference: { prompt: ask, route: answers, input: { text: "{{ input.text }}" } }
  - id: second
    inference: { prompt: ask, route: answers, input: { text: "{{ input.text }}" } }
  - id: last
    transform: { value: ${threshold} }
output:
  prompts: ["{{ first.value }}", "{{ second.value }}"]
  models: ["{{ first.model }}", "{{ second.model }}"]
  threshold: "{{ last.value }}"
`;

export const askFiles: Readonly<Record<string, string>> = {
  "flyball.yaml": settings,
  "prompts/ask.yaml": promptText("v1"),
  "asks.yaml": workflowText(1),
};

export async function served(t: TestContext, files = askFiles, workflows = ["asks.yaml"]): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "flyball-registry-"));
  const troubles: string[] = [];
  const open = () =>
    openEngine({ home: join(folder, "home"), onTrouble: (message) => troubles.push(message) });
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  for (const [file, text] of Object.entries(files)) write(file, text);
  let engine = await open();
  t.after(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const serve = async () => {
    const loaded = [];
    for (const file of workflows) loaded.push(await engine.load(join(folder, file)));
    return engine.serve(loaded);
  };
  await serve();
  return {
    get engine() {
      return engine;
    },
    folder,
    troubles,
    write,
    serve,
    async reopen() {
      await engine.close();
      engine = await open();
      return engine;
    },
  };
}
