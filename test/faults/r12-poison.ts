import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Rig, rig } from "../../src/actions/code/testing.ts";
import { systemClock } from "../../src/core/base/index.ts";
import { below, type Fault, type FaultContext, type Measure, report, zero } from "./fault.ts";

// A run ends the process that its code runs in, or fills its memory, beside others of the same module. Each
// window without a poison run is followed by one with it, so that both meet the same machine.

const crashesMax = 3;
const clients = 8;
const poisons = ["abort", "memory"] as const;

export const fault: Fault = {
  id: "R12",
  title: "a run that ends the process of its code",
  promise: "G2",
  async run(context) {
    await using bench = await rig({ heapMbMax: 96 });
    const release = await bench.flow("poison", body);
    return [
      ...(await poisoned(bench, release, context)),
      ...(await cured(bench, release)),
      ...(await scripted(bench)),
    ];
  },
};

const body = `
  await ctx.step("work", async () => {
    const { existsSync } = await import("node:fs");
    if (input.poison === "abort" || (input.poison === "cured" && !existsSync(input.file))) process.abort();
    if (input.poison === "memory") { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); }
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  return ctx.step("after", () => 1);`;

async function poisoned(bench: Rig, release: string, { full, progress }: FaultContext): Promise<Measure[]> {
  const windowMs = full ? 20_000 : 1_500;
  const rounds = full ? 3 : 1;
  let [plain, beside, lost, notSetAside, crashes] = [0, 0, 0, 0, 0];
  await others(bench, release, windowMs / 2);
  for (let round = 0; round < rounds; round++)
    for (const poison of poisons) {
      const without = await others(bench, release, windowMs);
      const run = bench.run(release, { poison });
      const withPoison = await others(bench, release, windowMs);
      const rested = await run;
      plain += without.done;
      beside += withPoison.done;
      lost += without.failed + withPoison.failed;
      const retried = rested.types.filter((type) => type === "step.retried").length;
      crashes = Math.max(crashes, retried + 1);
      if (rested.pausedFor !== "quarantined" || !/SIGABRT|memory/.test(rested.error?.message ?? ""))
        notSetAside += 1;
      progress(`${poison}: ${without.done} runs without, ${withPoison.done} beside it`);
    }
  const trials = rounds * poisons.length;
  const ratio = Math.round((100 * beside) / plain);
  return [
    zero("poison runs not set aside as quarantined, with the reason", notSetAside, trials),
    below("most crashes of one of them", crashes, { max: crashesMax + 1, trials }),
    zero("other runs that did not complete", lost, plain + beside),
    {
      name: "throughput of the others beside it, of that without",
      value: ratio,
      unit: "%",
      ok: !full || ratio >= 90,
      ...(full ? { target: ">= 90 %", trials } : {}),
    },
  ];
}

/** Healthy runs of the same module, so many at once, for a while. */
async function others(bench: Rig, release: string, forMs: number): Promise<{ done: number; failed: number }> {
  const endAt = systemClock.monotonic() + forMs;
  let [done, failed] = [0, 0];
  const client = async () => {
    while (systemClock.monotonic() < endAt) {
      const { status } = await bench.run(release, {});
      if (status === "completed") done += 1;
      else failed += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { done, failed };
}

async function cured(bench: Rig, release: string): Promise<Measure[]> {
  const file = join(bench.folder, "cure");
  const run = await bench.run(release, { poison: "cured", file });
  assert.equal(run.pausedFor, "quarantined");
  writeFileSync(file, "");
  await bench.engine.command(run.id, { kind: "resume", by: "ann" });
  const { status } = await bench.rested(run.id);
  return [
    { name: "after one resume, once cured", value: status, target: "completed", ok: status === "completed" },
  ];
}

/** A script file has a process for each execution, so it can hurt nobody else. */
async function scripted(bench: Rig): Promise<Measure[]> {
  writeFileSync(join(bench.folder, "end.mjs"), "process.abort();\n");
  const workflow = join(bench.folder, "scripted.yaml");
  writeFileSync(workflow, "workflow: scripted\nsteps:\n  - { id: s, script: { file: end.mjs } }\n");
  const { release } = await bench.engine.open(workflow);
  const { status, error } = await bench.run(release.digest);
  assert.equal(status, "paused");
  return [report("a script file that aborts", error?.code ?? "no error")];
}
