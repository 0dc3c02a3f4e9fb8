// What the optimizer proposes, proves and takes back: workflows with one thing that could be better, or nothing, and
// 500 runs each through the API; models are simulated. Writes docs/reference/bench-optimizer.md.
//   npm run bench -- optimizer [--seeds N]
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { filesOf, type Scenario, Script, scenarios } from "../src/http/optimizer/testing.ts";
import { world } from "../src/loop/optimizer/testing.ts";
import { machine } from "./machine.ts";

interface Outcome {
  readonly kinds: string;
  readonly isRight: boolean;
  /** Of what was tried: whether it ended as it should, and whether the saving lies inside a narrow interval. */
  readonly isProved?: boolean;
  readonly isInside?: boolean;
}

async function outcomeOf(scenario: Scenario, seed: number): Promise<Outcome> {
  const ends: (() => unknown)[] = [];
  const made = await world({ after: (end: () => unknown) => void ends.push(end) }, filesOf(scenario, seed));
  try {
    const script = new Script(made, scenario);
    await script.runs(500);
    const { proposals } = await script.cycle();
    const kinds = proposals.map(({ kind }) => kind).join(" ");
    const isRight = kinds === (scenarios[scenario] ?? "");
    const [proposal] = proposals;
    if (scenarios[scenario] !== "swap_model" || !proposal) return { kinds, isRight };
    const { id, stage, maxShare, reason } = await script.proved(proposal.id);
    if (scenario !== "a large model where the small one agrees")
      return { kinds: reason, isRight, isProved: stage === "rolledBack" && maxShare <= 0.1 };
    await script.runs(300);
    const { comparison } = await script.ask("GET", `/v1/experiments/${id}`);
    const { low = 0, mid = 0, high = 0, isInside = false } = comparison?.savedUsdPerRun ?? {};
    const isNarrow = high - low <= mid;
    return { kinds: reason, isRight, isProved: stage === "promoted", isInside: isInside && isNarrow };
  } finally {
    for (const end of ends) await end();
  }
}

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { seeds: { type: "string", default: "20" } } });
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
  const rows: string[] = [];
  for (const [name, kind] of Object.entries(scenarios)) {
    const outcomes: Outcome[] = [];
    for (const seed of seeds) {
      const outcome = await outcomeOf(name as Scenario, seed);
      outcomes.push(outcome);
      console.log(JSON.stringify({ scenario: name, seed, ...outcome }));
    }
    const count = (of: "isRight" | "isProved" | "isInside") => {
      const known = outcomes.flatMap((outcome) => outcome[of] ?? []);
      return known.length === 0 ? "" : `${known.filter(Boolean).length} of ${known.length}`;
    };
    const cells = [name, kind ?? "nothing", count("isRight"), count("isProved"), count("isInside")];
    rows.push(`| ${cells.join(" | ")} |`);
  }
  const { cpu, cores, node } = machine();
  const page = `# What the optimizer proposes and proves

Written by \`npm run bench -- optimizer\` on ${new Date().toISOString().slice(0, 10)}: ${cpu}, ${cores} cores, Node ${node}; seeds 1 to ${seeds.length}. Each workflow has 500 runs, whose simulated models are of the seed, and then a look. What changes a model is also proved: promoted where it is as good, taken back with at most a tenth of the traffic where it gets worse; the saving is realised over 300 runs and more, and lies inside the expected interval, which is no wider than its midpoint.

| planted | to be proposed | that and nothing else | proved | saving inside |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
  writeFileSync(resolve(import.meta.dirname, "../docs/reference/bench-optimizer.md"), page);
  console.log(page);
}
