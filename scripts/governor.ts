/**
 * `npm run demo:governor`: support triage starts with every message sorted by a dear model, and most drafts shown to a
 * person. The loop finds what could be better, proposes, proves and promotes it; then a cheaper model comes along
 * whose provider gets worse, while it is being tried or once it is everybody's, and the loop takes it back; then a
 * classifier, trained on what was recorded, answers what it is sure of. No key, no network; models are simulated or
 * our own.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { derivedId, seededRandom } from "../src/core/base/index.ts";
import { type Engine, openEngine } from "../src/engine.ts";
import { comparisonOf, type Effects, type Experiment, type Proposal } from "../src/loop/optimizer/index.ts";
import { readTable } from "../src/project/index.ts";

const workflow = "support-triage";
const examples = resolve(import.meta.dirname, "../examples");
const runsAtFirst = 300;
const runsBetween = 150;
const runsAtLast = 300;
const runsPerExperimentMax = 1_200;
const roundsMax = 6;
const atOnce = 10;
/** So many recorded runs are asked of a candidate: with fewer, a further trial would use up the newcomer's good calls. */
const runsTried = 300;
/**
 * The newcomer's provider gets worse after so many calls, beside those of its trial: about 100 answer its shadow, and
 * 30 its canary.
 */
const callsUntilWorse = [
  [10, 70],
  [90, 130],
  [150, 220],
] as const;

const help = `usage: npm run demo:governor -- [--seed N] [--home DIR] [--json]

Shows a workflow that gets cheaper from its own record, and a change that turns bad and is taken back. Some
minutes; no key, no network: models are simulated or our own.

  --seed N     another draw of messages, answers and of when the provider gets worse (default 1)
  --home DIR   keeps the data folder there, to look at with flyball serve (default: a temporary one)
  --json       the result as one JSON value`;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    home: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit();
}
const seed = Number(values.seed);
const home = resolve(values.home ?? mkdtempSync(join(tmpdir(), "flyball-governor-")));
const project = join(home, "project");
const say = (text: string) => (values.json ? process.stderr : process.stdout).write(`${text}\n`);

interface Proved {
  readonly proposal: Proposal;
  readonly experiment: Experiment;
}

const messages = ["train.csv", "held-out.csv"].flatMap((file) =>
  readTable(join(examples, "support-triage", file)).rows.map((row) => row as Record<string, unknown>),
);
const random = seededRandom(`governor/${seed}`);
const [fewest, most] = callsUntilWorse[seed % callsUntilWorse.length] ?? callsUntilWorse[0];
const worseAfter = fewest + Math.floor(seededRandom(`newcomer/${seed}`).next() * (most - fewest));
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

/** Proposals of these kinds are proved one after the other, until none is left. */
async function improve(engine: Engine, kinds: readonly Proposal["kind"][]): Promise<readonly Proved[]> {
  const proved: Proved[] = [];
  for (;;) {
    const proposal = await lookFor(engine, ({ kind }) => kinds.includes(kind));
    if (!proposal) return proved;
    proved.push({ proposal, experiment: await prove(engine, proposal) });
    await traffic(engine, runsBetween);
  }
}

async function lookFor(
  engine: Engine,
  isWanted: (proposal: Proposal) => boolean,
): Promise<Proposal | undefined> {
  const { findings, proposals } = await engine.optimizer.cycle(workflow);
  for (const { kind, summary } of findings) say(`found ${kind}: ${summary}`);
  const proposal = proposals.find(isWanted);
  if (proposal) say(`\n${proposal.diff}`);
  return proposal;
}

/** Some are proposed only once enough runs are on record to show that they are good. */
async function proveOnceFound(
  engine: Engine,
  isWanted: (proposal: Proposal) => boolean,
): Promise<readonly Proved[]> {
  for (let round = 0; round < roundsMax; round++) {
    const proposal = await lookFor(engine, isWanted);
    if (proposal) return [{ proposal, experiment: await prove(engine, proposal) }];
    await traffic(engine, runsBetween);
  }
  return [];
}

function isNewcomer({ change }: Proposal): boolean {
  return change.kind === "swap_model" && change.to === "newcomer";
}

/** Traffic until a provider that has got worse after the promotion is taken back. */
async function untilTakenBack(engine: Engine, proved: readonly Proved[]): Promise<void> {
  const newcomer = proved.find(({ proposal }) => isNewcomer(proposal));
  const id = newcomer?.experiment.id;
  if (id === undefined) return;
  const shown = () => engine.optimizer.experimentShown(id);
  if ((await shown()).stage === "rolledBack") return;
  await traffic(engine, runsPerExperimentMax, async () => (await shown()).stage === "rolledBack");
  const { stage, reason } = await shown();
  say(`  ${stage} after ${runs} runs: ${reason}`);
}

/** What became of them in the end: what was promoted may have been taken back since. */
function inTheEnd(engine: Engine, proved: readonly Proved[]): Promise<readonly Proved[]> {
  return Promise.all(
    proved.map(async ({ proposal, experiment: { id } }) => ({
      proposal,
      experiment: await engine.optimizer.experimentShown(id),
    })),
  );
}

/** What a promoted change saved for each run, beside what was expected of as many runs. */
function savingOf({ before, expected, realised }: Experiment) {
  return realised && { runs: realised.runs, ...comparisonOf({ before, expected, realised }).savedUsdPerRun };
}

/** A newcomer at a fraction of the price, as good as the others until it has been asked often enough. */
async function offerNewcomer(engine: Engine): Promise<void> {
  const { runs: known } = await engine.optimizer.measure(workflow);
  await traffic(engine, Math.max(0, runsTried - known));
  const change = `{ at_call: ${runsTried + worseAfter}, quality: 0.5 }`;
  const price = "{ input: $0.1/M, output: $0.3/M }";
  const model = `{ provider: sim, price: ${price}, latency: { p50: 20ms, p95: 40ms }, quality: 0.97, seed: ${3 + 10 * seed}, changes: [${change}] }`;
  edit((text) => text.replace("routes:", `  newcomer: ${model}\nroutes:`));
  await serve(engine);
  say("a newcomer offers the same for a fifth of the price");
}

async function resultOf(
  engine: Engine,
  proved: readonly Proved[],
  { before, after }: { readonly before: Effects; readonly after: Effects },
) {
  const all = await inTheEnd(engine, proved);
  const promoted = all.filter(({ experiment }) => experiment.stage === "promoted");
  const rolledBack = all.filter(({ experiment }) => experiment.stage === "rolledBack");
  const last = promoted.at(-1)?.experiment;
  const { definition } = await engine.registry.production(`workflow/${workflow}`);
  return {
    seed,
    simulated: true,
    runs,
    before: figures(before),
    after: figures(after),
    targets: definition.type === "document" ? definition.workflow.document.targets : null,
    newcomerWorseAfterCalls: worseAfter,
    expected: last?.expected ?? null,
    realised: last?.realised ? figures(last.realised) : null,
    saving: last ? savingOf(last) : null,
    promoted: promoted.map(({ proposal, experiment }) => ({
      proposal: proposal.id,
      kind: proposal.kind,
      maxShare: experiment.maxShare,
      saving: savingOf(experiment),
    })),
    rolledBack: rolledBack.map(({ proposal, experiment: { id, reason, maxShare } }) => ({
      experiment: id,
      kind: proposal.kind,
      isNewcomer: isNewcomer(proposal),
      reason,
      maxShare,
    })),
  };
}

async function main(): Promise<void> {
  copyProject();
  const engine = await openEngine({ home: join(home, "data"), onTrouble: say });
  try {
    await serve(engine);
    await traffic(engine, runsAtFirst);
    const before = await engine.optimizer.measure(workflow);
    say("All models of this demo are simulated, or our own: costs are what simulated providers declare.");
    say(told("before", before));
    const first = await improve(engine, ["change_threshold", "swap_model"]);
    await offerNewcomer(engine);
    const second = await proveOnceFound(engine, isNewcomer);
    await untilTakenBack(engine, second);
    const third = await proveOnceFound(engine, ({ kind }) => kind === "cascade");
    await traffic(engine, runsAtLast);
    const after = await engine.optimizer.measure(workflow);
    say(told("after", after));
    const result = await resultOf(engine, [...first, ...second, ...third], { before, after });
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await engine.close();
    if (values.home === undefined) rmSync(home, { recursive: true, force: true });
  }
}

await main();
