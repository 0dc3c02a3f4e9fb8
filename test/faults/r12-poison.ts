import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Rig, rig } from "../../src/actions/code/testing.ts";
import { systemClock } from "../../src/core/base/index.ts";
import { below, type Fault, type FaultContext, type Measure, report, zero } from "./fault.ts";

// A run ends the process that its code runs in, or fills its memory, beside others of the same module. Each
// window without a poison run is followed by one with it, so that both meet the same machine.

const crashesMax = 3;
const clients = 4;
const poisons = ["abort", "memory"] as const;

export const fault: Fault = {
  id: "R12",
  title: "a run that ends the process of its code",
  promise: "G2",
  async run(context) {
    await using bench = await rig({ heapMbMax: 96 });
    const release = await bench.flow("poison", body);
    const document = join(bench.folder, "document.yaml");
    writeFileSync(document, "workflow: document\nsteps:\n  - { id: nap, wait: { for: 20ms } }\n");
    const apart = [await bench.flow("other", body), (await bench.engine.open(document)).release.digest];
    return [
      ...(await poisoned(bench, { same: release, apart }, context)),
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

/** Healthy runs beside it: of the same module, whose process it ends, and of everything else. */
interface Others {
  readonly same: string;
  readonly apart: readonly string[];
}

async function poisoned(bench: Rig, others: Others, { full, progress }: FaultContext): Promise<Measure[]> {
  const windowMs = full ? 10_000 : 1_500;
  const rounds = full ? 4 : 1;
  const plain = { same: 0, apart: 0, failed: 0 };
  const beside = { same: 0, apart: 0, failed: 0 };
  let [notSetAside, crashes] = [0, 0];
  await healthy(bench, others, { forMs: windowMs / 2, counts: { same: 0, apart: 0, failed: 0 } });
  for (let round = 0; round < rounds; round++)
    for (const poison of poisons) {
      await healthy(bench, others, { forMs: windowMs, counts: plain });
      const run = bench.run(others.same, { poison });
      await healthy(bench, others, { forMs: windowMs, counts: beside });
      const { types, pausedFor, error } = await run;
      crashes = Math.max(crashes, types.filter((type) => type === "step.retried").length + 1);
      if (pausedFor !== "quarantined" || !/SIGABRT|memory/.test(error?.message ?? "")) notSetAside += 1;
      progress(`${JSON.stringify(plain)} without, ${JSON.stringify(beside)} beside it`);
    }
  const trials = rounds * poisons.length;
  const ratio = (which: "same" | "apart") => Math.round((100 * beside[which]) / plain[which]);
  const apart = ratio("apart");
  const done = plain.same + plain.apart + beside.same + beside.apart;
  return [
    zero("poison runs not set aside as quarantined, with the reason", notSetAside, trials),
    below("most crashes of one of them", crashes, { max: crashesMax + 1, trials }),
    zero("other runs that did not complete", plain.failed + beside.failed, done),
    {
      name: "throughput of other modules and documents beside it",
      value: apart,
      unit: "%",
      ok: !full || apart >= 90,
      ...(full ? { target: ">= 90 %", trials } : {}),
    },
    report("throughput of runs of the same module, which share its process", ratio("same"), "%"),
  ];
}

/** Runs one after the other, by so many clients, for a while; adds up what came of them. */
async function healthy(
  bench: Rig,
  { same, apart }: Others,
  { forMs, counts }: { forMs: number; counts: { same: number; apart: number; failed: number } },
): Promise<void> {
  const endAt = systemClock.monotonic() + forMs;
  const client = async (release: string, which: "same" | "apart") => {
    while (systemClock.monotonic() < endAt)
      counts[(await bench.run(release, {})).status === "completed" ? which : "failed"] += 1;
  };
  const releases = [...apart.map((release) => [release, "apart"] as const), [same, "same"] as const];
  await Promise.all(
    releases.flatMap(([release, which]) => Array.from({ length: clients }, () => client(release, which))),
  );
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
