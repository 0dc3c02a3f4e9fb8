import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { derivedId, type Json, seededRandom } from "../../core/base/index.ts";
import { type Engine, openEngine } from "../../engine.ts";

// A served project whose models are simulated, and traffic whose right answers are known.

/** Where syncs cost nothing: what is tested here is what is decided, not what outlives a crash. */
const memory = "/dev/shm";
const parent = existsSync(memory) ? memory : tmpdir();

export interface World {
  readonly engine: Engine;
  readonly troubles: readonly string[];
  /** Runs to the end, a person answering each review rightly; so many at once. */
  runs(count: number, asked?: (n: number) => Asked): Promise<void>;
  reopen(): Promise<void>;
  /** Changes a file of the served project. */
  write(file: string, text: string): Promise<void>;
}

export interface Asked {
  readonly input: Json;
  readonly expected?: Json;
  /** What people know to be right, where the run is not told. */
  readonly known?: Json;
}

const atOnce = 50;

export async function world(
  t: Pick<TestContext, "after">,
  files: Readonly<Record<string, string>>,
): Promise<World> {
  const folder = mkdtempSync(join(parent, "flyball-optimizer-"));
  const troubles: string[] = [];
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const open = async () => {
    const engine = await openEngine({
      home: join(folder, "home"),
      onTrouble: (message) => troubles.push(message),
    });
    await serve(engine);
    return engine;
  };
  const serve = async (engine: Engine) => {
    await engine.serve([await engine.load(join(folder, "flow.yaml"))]);
    engine.optimizer.keep(engine.project(folder).settings.optimizer);
  };
  let engine = await open();
  t.after(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let started = 0;
  const one = async (n: number, { input, expected, known = expected }: Asked) => {
    const extra = expected === undefined ? {} : { expected };
    const id = await engine.start("flow", { id: derivedId("traffic", String(n)), input, ...extra });
    await engine.executor.settled(id);
    for (const review of engine.control.reviews({ run: id, status: "open", limit: 10 }))
      await answer(engine, review.id, known);
    await engine.executor.settled(id);
  };
  return {
    get engine() {
      return engine;
    },
    troubles,
    async runs(count, asked = routine) {
      for (let done = 0; done < count; done += atOnce) {
        const some = Math.min(atOnce, count - done);
        await Promise.all(Array.from({ length: some }, () => one(started, asked(started++))));
        await engine.optimizer.settled();
      }
    },
    async reopen() {
      await engine.close();
      engine = await open();
    },
    async write(file, text) {
      writeFileSync(join(folder, file), text);
      await serve(engine);
    },
  };
}

async function answer(engine: Engine, id: string, expected: Json | undefined): Promise<void> {
  const [requested] = await engine.journal.read(`review/${id}`);
  const isRight =
    expected === undefined || JSON.stringify(requested?.data?.draft) === JSON.stringify(expected);
  const decision = isRight
    ? ({ decision: "approve" } as const)
    : ({ decision: "correct", value: expected } as const);
  await engine.decide(id, { ...decision, reviewer: "local" });
}

const labels = ["a", "b", "c", "d"];

/** Every message is another one, and its words do not tell its label. */
function routine(n: number): Asked {
  const drawn = seededRandom(`label ${n}`).next();
  return { input: { text: `message ${n}` }, expected: labels[Math.floor(drawn * labels.length)] ?? null };
}
