/**
 * `npm run demo:governor`: support triage starts with every message sorted by a dear model, and most drafts shown to a
 * person. The loop finds what could be better, proposes, proves and promotes it; then a cheaper model comes
 * along whose provider gets worse while it is being tried, and the loop takes it back. No key, no network; models
 * are simulated or our own.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { derivedId, seededRandom } from "../src/core/base/index.ts";
import { type Engine, openEngine } from "../src/engine.ts";
import type { Effects, Experiment, Proposal } from "../src/loop/optimizer/index.ts";
import { readTable } from "../src/project/index.ts";

const workflow = "support-triage";
const examples = resolve(import.meta.dirname, "../examples");
const runsAtFirst = 300;
const runsBetween = 150;
const runsAtLast = 200;
const runsPerExperimentMax = 1_200;
const atOnce = 10;
/** The newcomer's provider gets worse after so many calls more than its replay takes: before a canary can end. */
const callsUntilWorse = 45;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    home: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const home = resolve(values.home ?? mkdtempSync(join(tmpdir(), "flyball-governor-")));
const project = join(home, "project");
const say = (text: string) => (values.json ? process.stderr : process.stdout).write(`${text}\n`);

const messages = ["train.csv", "held-out.csv"].flatMap((file) =>
  readTable(join(examples, "support-triage", file)).rows.map((row) => row as Record<string, unknown>),
);
const random = seededRandom(`governor/${seed}`);
let runs = 0;

function copyProject(): void {
  for (const name of ["governor", "support-triage"])
    cpSync(join(examples, name), join(project, name), { recursive: true });
  edit((text) => text.replace(/seed: (\d+)/g, (_, own) => `seed: ${Number(own) + 10 * seed}`));
}

function edit(change: (text: string) => string): void {
  const file = join(project, "governor/flyball.yaml");
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

async function serve(engine: Engine): Promise<void> {
  await engine.serve([await engine.load(join(project, "governor/support-triage.yaml"))]);
}

/** One message, and a person who changes a draft only where the machine was wrong about what is asked. */
async function oneRun(engine: Engine): Promise<void> {
  const row = messages[Math.floor(random.next() * messages.length)] ?? {};
  const number = ++runs;
  const intent = String(row["expected.intent"] ?? row.intent);
  const input = { message: `${row.message}\nTicket ${number}`, customer: String(row.customer) };
  const id = derivedId("governor", String(seed), String(number));
  await engine.start(workflow, { id, input, expected: { intent } });
  await engine.executor.settled(id);
  for (const review of engine.control.reviews({ run: id, status: "open", limit: 1 })) {
    const events = await engine.journal.read(`run/${id}`);
    const answer = events.find(({ data }) => data?.path === "intent")?.data?.result as
      | { value?: unknown }
      | undefined;
    const isFine = answer?.value === intent;
    const decision = isFine
      ? ({ decision: "approve" } as const)
      : ({ decision: "correct", value: "A colleague will write to you today." } as const);
    await engine.decide(review.id, { ...decision, reviewer: "demo" });
    await engine.executor.settled(id);
  }
}

async function traffic(engine: Engine, count: number, isOver = async () => false): Promise<void> {
  for (let done = 0; done < count; done += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, count - done) }, () => oneRun(engine)));
    await engine.optimizer.settled();
    if (await isOver()) return;
  }
}

async function prove(engine: Engine, proposal: Proposal): Promise<Experiment> {
  const id = await engine.optimizer.experiment(proposal.id);
  const shown = () => engine.optimizer.experimentShown(id);
  let stage = "";
  await traffic(engine, runsPerExperimentMax, async () => {
    const experiment = await shown();
    if (experiment.stage !== stage) say(`  ${experiment.stage} after ${runs} runs: ${experiment.reason}`);
    stage = experiment.stage;
    return stage === "promoted" || stage === "rolledBack";
  });
  return shown();
}

function figures({ costPerRun, automated, accuracy, timeToResultP50, reviewMinutesPerRun }: Effects) {
  const { mid: value, n, low, high } = accuracy;
  return {
    costPerRun: costPerRun.mid,
    automated: automated.mid,
    accuracy: { value, n, low, high },
    timeToResultP50: timeToResultP50.mid,
    reviewMinutesPerRun,
  };
}

const percent = (share: number) => `${(share * 100).toFixed(1)}%`;

function told(name: string, effects: Effects): string {
  const { costPerRun, automated, accuracy, timeToResultP50 } = effects;
  return `${name}: $${costPerRun.mid.toFixed(6)} a run, ${percent(automated.mid)} automated, ${percent(accuracy.mid)} of those right, p50 ${timeToResultP50.mid} ms`;
}

/** Proposals are proved one after the other, until nothing is left to propose. */
async function improve(engine: Engine): Promise<readonly { proposal: Proposal; experiment: Experiment }[]> {
  const proved: { proposal: Proposal; experiment: Experiment }[] = [];
  for (;;) {
    const { findings, proposals } = await engine.optimizer.cycle(workflow);
    for (const { kind, summary } of findings) say(`found ${kind}: ${summary}`);
    const [proposal] = proposals;
    if (!proposal) return proved;
    say(`\n${proposal.diff}`);
    const experiment = await prove(engine, proposal);
    proved.push({ proposal, experiment });
    await traffic(engine, runsBetween);
  }
}

/** A newcomer at a fraction of the price, as good as the others until it has been asked often enough. */
async function offerNewcomer(engine: Engine): Promise<void> {
  const replayed = Math.min(300, (await engine.optimizer.measure(workflow)).runs);
  const change = `{ at_call: ${replayed + callsUntilWorse}, quality: 0.5 }`;
  const price = "{ input: $0.1/M, output: $0.3/M }";
  const model = `{ provider: sim, price: ${price}, latency: { p50: 20ms, p95: 40ms }, quality: 0.97, seed: ${3 + 10 * seed}, changes: [${change}] }`;
  edit((text) => text.replace("routes:", `  newcomer: ${model}\nroutes:`));
  await serve(engine);
  say("a newcomer offers the same for a fifth of the price");
}

async function main(): Promise<void> {
  copyProject();
  const engine = await openEngine({ home: join(home, "data"), onTrouble: say });
  try {
    await serve(engine);
    await traffic(engine, runsAtFirst);
    const before = await engine.optimizer.measure(workflow);
    say(told("before", before));
    const first = await improve(engine);
    await offerNewcomer(engine);
    const second = await improve(engine);
    await traffic(engine, runsAtLast);
    const after = await engine.optimizer.measure(workflow);
    say(told("after", after));
    const all = [...first, ...second];
    const promoted = all.filter(({ experiment }) => experiment.stage === "promoted");
    const rolledBack = all.filter(({ experiment }) => experiment.stage === "rolledBack");
    const last = promoted.at(-1)?.experiment;
    const { definition } = await engine.registry.production(`workflow/${workflow}`);
    const result = {
      seed,
      runs,
      before: figures(before),
      after: figures(after),
      targets: definition.type === "document" ? definition.workflow.document.targets : null,
      expected: last?.expected ?? null,
      realised: last?.realised ? figures(last.realised) : null,
      promoted: promoted.map(({ proposal, experiment }) => ({
        proposal: proposal.id,
        kind: proposal.kind,
        maxShare: experiment.maxShare,
      })),
      rolledBack: rolledBack.map(({ experiment: { id, reason, maxShare } }) => ({
        experiment: id,
        reason,
        maxShare,
      })),
    };
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await engine.close();
    if (values.home === undefined) rmSync(home, { recursive: true, force: true });
  }
}

await main();
