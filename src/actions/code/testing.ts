import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../core/base/index.ts";
import { Engine } from "../../engine.ts";
import type { HostLimits } from "./limits.ts";

// An engine over a folder of its own with flows in real processes. Tests wait on what comes of a run.

const door = join(import.meta.dirname, "../../index.ts");

export interface Rig extends AsyncDisposable {
  readonly engine: Engine;
  readonly folder: string;
  readonly printed: string[];
  readonly troubles: string[];
  /** Resolves once the code has printed this. */
  printing(text: string): Promise<void>;
  /** Writes a module and opens it; the digest of its release. */
  flow(
    name: string,
    body: string,
    options?: { readonly version?: string; readonly file?: string; readonly uses?: readonly string[] },
  ): Promise<string>;
  /** Writes `kinds/NAME.ts`: the members of its definition after what it imports. */
  kind(name: string, members: string, imports?: string): void;
  /** Writes a workflow of these steps and opens it; the digest of its release. */
  workflow(name: string, steps: string): Promise<string>;
  start(release: string, input?: unknown): Promise<string>;
  /** Starts a run and waits for where it comes to rest. */
  run(release: string, input?: unknown): Promise<Rested>;
  rested(id: string): Promise<Rested>;
  /** The engine goes, and another takes its place. */
  restart(): Promise<void>;
}

export interface Rested {
  readonly id: string;
  readonly status: string;
  readonly output: unknown;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly types: readonly string[];
  readonly pausedFor: unknown;
}

export async function rig(limits: Partial<HostLimits> = {}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), "flyball-code-"));
  const printed: string[] = [];
  const troubles: string[] = [];
  const open = () => {
    const engine = new Engine({
      home: join(folder, "home"),
      codeLimits: limits,
      onOutput: (text) => printed.push(text),
      onTrouble: (message) => troubles.push(message),
    });
    engine.executor.recover();
    return engine;
  };
  let engine = open();
  const rested = async (id: string): Promise<Rested> => {
    const status = await engine.executor.settled(id);
    const events = await engine.journal.read(`run/${id}`);
    const data = (type: string) => events.findLast((event) => event.type === type)?.data;
    const error = engine.control.run(id)?.error;
    return {
      id,
      status,
      output: data("run.completed")?.output ?? null,
      error: error ? JSON.parse(error) : null,
      types: events.map(({ type }) => type),
      pausedFor: data("run.paused")?.reason,
    };
  };
  const start = async (digest: string, input: unknown = null) =>
    engine.executor.start({ release: await engine.releases.load(digest), input: input as never });
  return {
    get engine() {
      return engine;
    },
    folder,
    printed,
    troubles,
    async printing(text) {
      while (!printed.join("").includes(text)) await pause(5);
    },
    async flow(name, body, { version = "1", file = `${name}.ts`, uses = [] } = {}) {
      const path = join(folder, file);
      writeFileSync(
        path,
        `import { flow } from ${JSON.stringify(door)};\nexport default flow({ name: "${name}", version: "${version}", uses: ${JSON.stringify(uses)} }, async (ctx, input: any) => {${body}});\n`,
      );
      return (await engine.open(path)).release.digest;
    },
    kind(name, members, imports = "") {
      mkdirSync(join(folder, "kinds"), { recursive: true });
      const text = `import { defineKind, RetryLater } from "flyball";\n${imports}\nexport default defineKind<any>({ ${members} });\n`;
      writeFileSync(join(folder, "kinds", `${name}.ts`), text);
    },
    async workflow(name, steps) {
      const path = join(folder, `${name}.yaml`);
      writeFileSync(path, `workflow: ${name}\nsteps:\n${steps}\n`);
      return (await engine.open(path)).release.digest;
    },
    start,
    run: async (digest, input) => rested(await start(digest, input)),
    rested,
    async restart() {
      await engine.close(0);
      engine = open();
    },
    async [Symbol.asyncDispose]() {
      await engine.close(0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve));
}

export function assertRested(run: Rested, status: string): void {
  assert.equal(run.status, status, JSON.stringify(run));
}
