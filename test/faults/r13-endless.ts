import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Rig, rig } from "../../src/actions/code/testing.ts";
import { below, type Fault, type Measure, zero } from "./fault.ts";

// Steps that never return: they wait for ever, block their event loop, or answer when nobody waits any more.
// Their time limit is enforced from outside, and what comes late is refused.

const timeoutMs = 300;
const detectedWithinMs = timeoutMs + 5_000;

const pieces = {
  "waits for ever": "await new Promise(() => {});",
  "blocks its event loop": "for (;;);",
  "answers late, whatever its signal says":
    "await new Promise((resolve) => setTimeout(resolve, 600)); return { value: 'late' };",
} as const;

export const fault: Fault = {
  id: "R13",
  title: "a step that never returns",
  promise: "G2 G9",
  async run({ full }) {
    const trials = full ? 10 : 1;
    await using bench = await rig();
    const flows = Object.entries(pieces).map(async ([what, code], index) => {
      const step = `async () => { ${code} }, { timeout: "${timeoutMs}ms", onFailure: "fail" }`;
      return [
        `a flow that ${what}`,
        await bench.flow(`endless${index}`, `return ctx.step("s", ${step});`),
      ] as const;
    });
    const kinds = Object.entries(pieces).map(async ([what, code], index) => {
      bench.kind(`endless${index}`, `execute: async () => { ${code} return { value: 1 }; }`);
      const step = `  - { id: s, on_failure: fail, timeout: ${timeoutMs}ms, endless${index}: {} }`;
      return [`an own kind that ${what}`, await bench.workflow(`kind${index}`, step)] as const;
    });
    const files = [
      scripted(bench, "spinning", "s.mjs", "for (;;);\n"),
      scripted(bench, "waiting", "w.sh", "sleep 60\n"),
    ];
    const cases = [
      ...(await Promise.all(flows)),
      ...(await Promise.all(kinds)),
      ["a script file that spins", await files[0]] as const,
      ["a script file that sleeps", await files[1]] as const,
    ];
    const measures: Measure[] = [];
    for (const [what, release] of cases)
      measures.push(...(await measured(bench, { what, release: String(release), trials })));
    return measures;
  },
};

async function scripted(bench: Rig, name: string, file: string, text: string): Promise<string> {
  writeFileSync(join(bench.folder, file), text);
  const workflow = join(bench.folder, `${name}.yaml`);
  const step = `{ id: s, on_failure: fail, script: { file: ${file}, timeout: ${timeoutMs}ms } }`;
  writeFileSync(workflow, `workflow: ${name}\nsteps:\n  - ${step}\n`);
  return (await bench.engine.open(workflow)).release.digest;
}

async function measured(
  bench: Rig,
  { what, release, trials }: { what: string; release: string; trials: number },
): Promise<Measure[]> {
  let [slowestMs, unended, late] = [0, 0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const { id, status } = await bench.run(release);
    if (status !== "failed") unended += 1;
    await new Promise((resolve) => setTimeout(resolve, 500)); // time for what comes late
    const events = await bench.engine.journal.read(`run/${id}`);
    const at = (type: string) => events.findLast((event) => event.type === type)?.at ?? Number.NaN;
    slowestMs = Math.max(slowestMs, at("step.failed") - at("step.started"));
    late += events.filter(({ type }) => type === "step.completed").length;
  }
  return [
    below(`${what}: from its start to its end`, slowestMs, { max: detectedWithinMs, unit: "ms", trials }),
    zero(`${what}: not ended by its time limit`, unended, trials),
    zero(`${what}: late results recorded`, late, trials),
  ];
}
