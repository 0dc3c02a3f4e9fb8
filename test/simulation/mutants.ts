import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

// Mistakes that are put into the engine on purpose, each one that somebody could make, and each of which
// must be found. They are planted as a file is loaded (`plant.ts`), so the sources know nothing of them.

const root = join(import.meta.dirname, "../..");

export interface Mutant {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
}

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

export const mutants: readonly Mutant[] = [
  mutant(
    "a stale append is not refused",
    "src/core/journal/writer.ts",
    "if (seq !== expectedSeq) return",
    "if (seq < expectedSeq) return",
  ),
  mutant(
    "the store takes commits of an owner that has been replaced",
    "test/simulation/store.ts",
    "if (epoch === this.#epoch) return;",
    "if (epoch <= this.#epoch) return;",
  ),
  mutant(
    "an append is acknowledged before it is on disk",
    "src/core/journal/writer.ts",
    "if (!pending) return this.#committed(group, beganMs);",
    "this.#committed(group, beganMs);\n      if (!pending) return;",
  ),
  mutant(
    "a result is recorded before the effect",
    "src/core/executor/attempt.ts",
    "attempt.limit(step.work?.timeoutMs ?? null);",
    "if (step.work?.kind.name === 'code' && attempt.ended()) return options.onOutcome(attempt, { result: { value: null } });\n    attempt.limit(step.work?.timeoutMs ?? null);",
  ),
  mutant(
    "a step starts before its predecessor is on disk",
    "src/core/executor/advance.ts",
    "      await course.commit();",
    "      course.launchReady();\n      await course.commit();",
  ),
  mutant(
    "a timer is lost when its run leaves memory",
    "src/core/executor/control.ts",
    "dueAt: waiting.dueAt ?? null,",
    "dueAt: null,",
  ),
  mutant(
    "a timer fires early",
    "src/core/executor/advance.ts",
    "step.dueAt <= now;",
    "step.dueAt <= now + 50;",
  ),
  mutant(
    "the same command twice is two commands",
    "src/core/executor/record.ts",
    "    expectedSeq: 0,",
    "    expectedSeq: null,",
  ),
  mutant(
    "a command stays in the inbox when it has been taken",
    "src/core/executor/control.ts",
    'typeof data.command === "string" ? [',
    'typeof data.command === "string" && type !== "run.signalled" ? [',
  ),
  {
    name: "the late result of an attempt that timed out is taken",
    edits: [
      {
        file: "src/core/executor/attempt.ts",
        find: "    if (this.#over) return false;",
        replace: "",
      },
      {
        file: "src/core/executor/outcomes.ts",
        find: "attempt.step.attempt === attempt && this.#run.active",
        replace: "this.#run.active",
      },
    ],
  },
  mutant(
    "a signal that comes before its wait is forgotten",
    "src/core/executor/inbox.ts",
    "run.signals.push({ command: id, event: command.event, data: command.data });",
    "if (run.waits > 0) run.signals.push({ command: id, event: command.event, data: command.data });",
  ),
  mutant(
    "a run is taken up twice by one process",
    "src/core/executor/executor.ts",
    "if (!this.#loaded.has(id)) this.#answer(id, call);",
    "this.#answer(id, call);",
  ),
  mutant(
    "after a restart the attempts are counted from the start",
    "src/core/executor/replay.ts",
    'phase: "backoff", attempts: retried.attempt,',
    'phase: "backoff", attempts: 0,',
  ),
  mutant(
    "what was done first is taken back first",
    "src/core/executor/undo.ts",
    "this.#left.pop();",
    "this.#left.shift();",
  ),
  mutant(
    "a step of which nobody knows whether it was done is done again",
    "src/core/executor/advance.ts",
    "step.lost && step.work?.once",
    "false && step.work?.once",
  ),
  mutant(
    "one more than the limit is let in",
    "src/core/executor/counters.ts",
    ">= counter.limit",
    "> counter.limit",
  ),
  mutant(
    "after a commit whose outcome is unknown the process goes on writing",
    "src/core/journal/writer.ts",
    "      this.#closed = told;",
    "",
  ),
];

export function mutantNamed(name: string): Mutant {
  const found = mutants.find((each) => each.name === name);
  assert.ok(found, `there is no mutant called ${name}`);
  return found;
}

/** The text of a file with the mistake in it; the piece that it replaces must be there exactly once. */
export function planted(text: string, { file, find, replace }: Mutant["edits"][number]): string {
  const pieces = text.split(find);
  assert.equal(pieces.length, 2, `${JSON.stringify(find)} is once in ${file}`);
  return pieces.join(replace);
}

/** What of a mutant no longer fits the sources. */
export function misfits({ edits }: Mutant): readonly string[] {
  return edits
    .filter(({ file, find }) => readFileSync(join(root, file), "utf8").split(find).length !== 2)
    .map(({ file, find }) => `${JSON.stringify(find)} is not once in ${file}`);
}

export interface Caught {
  readonly isCaught: boolean;
  /** Programs until the first difference. */
  readonly programs: number;
  readonly problem: string;
}

/** Runs programs on an engine with this mistake in it, in a process of its own, until one shows it. */
export async function hunt({ name }: Mutant, programs: number): Promise<Caught> {
  const args = ["--import", join(import.meta.dirname, "plant.ts"), join(import.meta.dirname, "main.ts")];
  const options = ["--programs", String(programs), "--until-difference", "--json"];
  const child = spawn(process.execPath, [...args, ...options], {
    cwd: root,
    env: { ...process.env, FLYBALL_MUTANT: name },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on("data", (chunk) => printed.push(chunk));
  child.stderr.on("data", (chunk) => complaints.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const text = Buffer.concat(printed).toString("utf8");
  assert.ok(code === 0 || code === 1, `the simulator failed: ${Buffer.concat(complaints).toString("utf8")}`);
  const report: { programs: number; differences: { problems: string[] }[] } = JSON.parse(text);
  const [first] = report.differences;
  return { isCaught: first !== undefined, programs: report.programs, problem: first?.problems[0] ?? "" };
}
