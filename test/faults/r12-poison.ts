import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Rig, rig } from "../../src/actions/code/testing.ts";
import { systemClock } from "../../src/core/base/index.ts";
import { below, type Fault, type FaultContext, type Measure, report, zero } from "./fault.ts";

// A run ends the process that its code runs in, or fills its memory, beside others of the same module: a
// flow, and an own kind of step. Each window without a poison run is followed by one with it, so that both
// meet the same machine.

const crashesMax = 3;
const clients = 4;
/** It aborts; its heap is full; its buffers, which are not in the heap, are too much. */
const poisons = ["abort", "memory", "buffers"] as const;

export const fault: Fault = {
  id: "R12",
  title: "a run that ends the process of its code",
  promise: "G2",
  async run(context) {
    await using bench = await rig({ heapMbMax: 96, memoryMbMax: 300 });
    bench.kind("worker", `execute: async (input) => { ${work} return { value: 1 }; }`);
    const asKind = await bench.workflow(
      "asKind",
      '  - { id: work, worker: { poison: "{{ input.poison }}" } }',
    );
    const asFlow = await bench.flow("poison", flowBody);
    const apart = [
      await bench.flow("other", flowBody),
      await bench.workflow("document", "  - { id: nap, wait: { for: 20ms } }"),
    ];
    return [
      ...(await poisoned(bench, { what: "flow", same: asFlow, apart }, context)),
      ...(await poisoned(bench, { what: "own kind", same: asKind, apart }, context)),
      ...(await cured(bench, asFlow)),
      ...(await scripted(bench, context)),
    ];
  },
};

const work = `
  const { existsSync } = await import("node:fs");
  if (input.poison === "abort" || (input.poison === "cured" && !existsSync(input.file))) process.abort();
  if (input.poison === "memory") { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); }
  if (input.poison === "buffers") { const all = []; for (;;) all.push(Buffer.alloc(4e6, 1)); }
  await new Promise((resolve) => setTimeout(resolve, 20));`;
const flowBody = `await ctx.step("work", async () => { ${work} }); return ctx.step("after", () => 1);`;

/** Healthy runs beside it: of the same module, whose process it ends, and of everything else. */
interface Others {
  readonly what: string;
  readonly same: string;
  readonly apart: readonly string[];
}

async function poisoned(bench: Rig, others: Others, { full, progress }: FaultContext): Promise<Measure[]> {
  const windowMs = full ? 10_000 : 700;
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
  const named = (name: string) => `${name} (${others.what})`;
  const kept = (which: "same" | "apart", name: string): Measure => ({
    name: named(`throughput of ${name}`),
    value: ratio(which),
    unit: "%",
    ok: !full || ratio(which) >= 90,
    ...(full ? { target: ">= 90 %", trials } : {}),
  });
  const done = plain.same + plain.apart + beside.same + beside.apart;
  return [
    zero(named("poison runs not set aside as quarantined, with the reason"), notSetAside, trials),
    below(named("most crashes of one of them"), crashes, { max: crashesMax + 1, trials }),
    zero(named("other runs that did not complete"), plain.failed + beside.failed, done),
    kept("apart", "other modules and documents beside it"),
    kept("same", "runs of the same module, which share its process"),
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
      counts[(await bench.run(release, { poison: null })).status === "completed" ? which : "failed"] += 1;
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

const eaters = {
  "eat.mjs": "const all = []; for (;;) all.push(Buffer.alloc(4e6, 1));\n",
  "eat.sh": "x=0123456789abcdef; while :; do x=$x$x; done\n",
};

/** A script file has a process for each execution, so it can hurt nobody else. */
async function scripted(bench: Rig, { full }: FaultContext): Promise<Measure[]> {
  writeFileSync(join(bench.folder, "end.mjs"), "process.abort();\n");
  const aborts = await bench.workflow("aborts", "  - { id: s, script: { file: end.mjs } }");
  const { status, error } = await bench.run(aborts);
  assert.equal(status, "paused");
  let notEnded = 0;
  for (const [file, text] of Object.entries(eaters)) {
    writeFileSync(join(bench.folder, file), text);
    const step = `  - { id: s, on_failure: fail, script: { file: ${file}, memory_mb: 200 } }`;
    const release = await bench.workflow(`eats${file.length}`, step);
    for (let trial = 0; trial < (full ? 5 : 1); trial++)
      if ((await bench.run(release)).error?.code !== "SCRIPT_MEMORY_EXCEEDED") notEnded += 1;
  }
  return [
    report("a script file that aborts", error?.code ?? "no error"),
    zero("script files that ate memory and were not ended for that", notEnded, full ? 10 : 2),
  ];
}
