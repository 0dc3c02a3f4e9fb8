import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { derivedId, type Json } from "../../core/base/index.ts";
import type { Release } from "../../core/executor/index.ts";
import { type Engine, openEngine } from "../../engine.ts";
import type { ReplayDeps } from "./index.ts";

// An engine on a folder of its own, whose workflow files a test writes anew.

/** Where syncs cost nothing: what is tested here is what is read, not what outlives a crash. */
const memory = "/dev/shm";
const parent = existsSync(memory) ? memory : tmpdir();

export interface Bench {
  readonly engine: Engine;
  readonly folder: string;
  readonly deps: ReplayDeps;
  write(file: string, text: string): void;
  /** Loads a workflow file as it stands now. */
  open(file: string): Promise<Release>;
  /** Runs to the end, or to where it stands still; the id. */
  run(release: Release, name: string, input: Json): Promise<string>;
}

export async function bench(t: TestContext, files: Readonly<Record<string, string>>): Promise<Bench> {
  const folder = mkdtempSync(join(parent, "flyball-evals-"));
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  for (const [file, text] of Object.entries(files)) write(file, text);
  const engine = await openEngine({ home: join(folder, "home"), limits: { running: 1_000 } });
  t.after(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    engine,
    folder,
    write,
    deps: engine.replayDeps,
    open: async (file) => (await engine.open(join(folder, file))).release,
    async run(release, name, input) {
      const id = derivedId("run", name);
      await engine.executor.start({ release, id, input });
      await engine.executor.settled(id);
      return id;
    },
  };
}
