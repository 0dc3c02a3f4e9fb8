import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ManualClock, type Random, seededRandom, systemClock } from "../../src/core/base/index.ts";
import { openEngine } from "../../src/engine.ts";
import { start } from "../command.ts";
import { type Biller, prices, startBiller } from "./biller.ts";
import { below, type Fault, type FaultContext, type Measure, report, zero } from "./fault.ts";
import { assertSound } from "./record.ts";

// What spends more than it should: a crowd at once, a loop without an end, an answer without a bound, and
// a process that is killed while its calls are with the provider. The provider keeps its own books, and
// what they say counts.

const maxTokens = 200;
const text = "Is this right?";
/** The most that one call of these workflows may cost: what is held back for it. */
const callUsdMax = ((text.length + 2 * 16) * prices.input + maxTokens * prices.output) / 1e6;

const workflows: Readonly<Record<string, string>> = {
  ask: step(`max_tokens: ${maxTokens}`),
  huge: step("max_tokens: 900000000"),
  runaway: `workflow: runaway
steps:
  - { id: again, loop: { max: 1000, steps: [${inference(`max_tokens: ${maxTokens}`)}] } }
`,
};

function step(settings: string): string {
  return `workflow: ask\ninput: { type: object }\nsteps: [${inference(settings)}]\n`;
}

function inference(settings: string): string {
  return `{ id: a, on_failure: fail, inference: { model: m, prompt: { text: "${text}" }, settings: { ${settings} } } }`;
}

interface World {
  readonly folder: string;
  readonly biller: Biller;
  readonly limitUsd: number;
  readonly context: FaultContext;
  readonly random: Random;
}

/** Something that spends; what it was. */
type Spending = (world: World) => Promise<readonly Measure[]>;

export const fault: Fault = {
  id: "R20",
  title:
    "more is asked for than a budget has: a crowd, a loop, a huge answer, `kill -9` between reserving and settling",
  promise: "G13",
  async run(context) {
    const kills = context.full ? 60 : 3;
    return [
      ...(await within("a crowd", 10, crowd, context)),
      ...(await within("a loop", 10, runaway, context)),
      ...(await within("a huge answer", 10, huge, context)),
      ...(await within("kills", kills * 6, killed, context)),
    ];
  },
};

/** Spends against a budget for so many calls; more than its limit must never reach the provider's books. */
async function within(
  name: string,
  calls: number,
  spending: Spending,
  context: FaultContext,
): Promise<readonly Measure[]> {
  const folder = join(context.scratch, name.replaceAll(" ", "-"));
  mkdirSync(folder);
  const biller = await startBiller(20);
  // Half a call more: a limit that is met to the last digit would not tell "up to" from "below".
  const limitUsd = Number((callUsdMax * (calls + 0.5)).toFixed(9));
  try {
    writeFileSync(join(folder, "flyball.yaml"), settingsOf(biller.url, limitUsd));
    for (const [file, document] of Object.entries(workflows))
      writeFileSync(join(folder, `${file}.yaml`), document);
    const world = { folder, biller, limitUsd, context, random: seededRandom(context.seed) };
    const measures = await spending(world);
    await assertSound(folder);
    const over = Math.max(0, biller.billedUsd - limitUsd);
    context.progress(`${name}: ${biller.requests} requests, ${biller.billedUsd} of ${limitUsd} dollars`);
    return [
      ...measures,
      report(`${name}: billed, of the limit`, `${Math.round((100 * biller.billedUsd) / limitUsd)}`, "%"),
      zero(`${name}: dollars billed above the limit`, over, biller.requests),
    ];
  } finally {
    await biller.close();
  }
}

function settingsOf(url: string, limitUsd: number): string {
  return `providers: { house: { type: openai-compatible, url: "${url}" } }
models: { m: { provider: house, name: m, price: { input: $${prices.input}/M, output: $${prices.output}/M } } }
budgets: [{ name: all, limit: "$${limitUsd}", period: total }]
`;
}

/** The runs of a workflow, all at once, in an engine of this process; the codes of their errors. */
async function runs({ folder }: World, file: string, count: number): Promise<readonly (string | null)[]> {
  const engine = await openEngine({ home: join(folder, ".flyball") });
  try {
    const { release } = await engine.open(join(folder, `${file}.yaml`));
    await engine.keepBudgets(engine.project(folder));
    const errors = Array.from({ length: count }, async () => {
      const id = await engine.executor.start({ release, input: {} });
      await engine.executor.settled(id);
      const { error, endedAt } = engine.control.run(id) ?? {};
      assert.ok(endedAt, "a run did not end");
      return error ? String(JSON.parse(error).code) : null;
    });
    return await Promise.all(errors);
  } finally {
    await engine.close();
  }
}

async function crowd(world: World): Promise<readonly Measure[]> {
  const errors = await runs(world, "ask", 200);
  const answered = errors.filter((error) => error === null).length;
  const refused = errors.filter((error) => error === "BUDGET_EXCEEDED").length;
  return [
    {
      name: "a crowd: calls answered, of 200 at once against a budget for 10",
      value: answered,
      target: "10",
      ok: answered === 10,
    },
    zero("a crowd: calls neither answered nor refused as over the budget", 200 - answered - refused, 200),
  ];
}

async function runaway(world: World): Promise<readonly Measure[]> {
  const [error] = await runs(world, "runaway", 1);
  assert.equal(error, "BUDGET_EXCEEDED");
  const { requests } = world.biller;
  return [{ name: "a loop: rounds answered, of 1000", value: requests, target: "10", ok: requests === 10 }];
}

async function huge(world: World): Promise<readonly Measure[]> {
  const errors = await runs(world, "huge", 5);
  assert.ok(errors.every((error) => error === "BUDGET_EXCEEDED"));
  return [zero("a huge answer: requests that reached the provider", world.biller.requests, errors.length)];
}

/** A batch whose process is killed while calls are with the provider, and begun again until nothing is left to spend. */
async function killed(world: World): Promise<readonly Measure[]> {
  const { folder, biller, context } = world;
  const rows = context.full ? 2_000 : 200;
  writeFileSync(join(folder, "in.jsonl"), '{"n":1}\n'.repeat(rows));
  const kills = context.full ? 60 : 3;
  for (let kill = 0; kill < kills; kill++) await killedLife(world);
  const leaked = await untilSettled(folder);
  biller.onRequest = () => {};
  const { code } = await batch(folder).outcome;
  assert.equal(code, 1, "the runs that had no room have failed");
  const { billedUsd } = biller;
  return [
    { name: "kills while calls were with the provider", value: kills, target: "> 0", ok: kills > 0 },
    {
      name: "reservations that the last of them left",
      value: leaked.count,
      target: "> 0",
      ok: leaked.count > 0,
    },
    below("from its end to the last of them settled, by the engine's clock", leaked.seconds, {
      max: 301,
      unit: "s",
    }),
    report(
      "kills: what is left of the limit, in calls",
      Math.floor((world.limitUsd - billedUsd) / callUsdMax),
    ),
  ];
}

function batch(folder: string) {
  const args = ["run", "ask.yaml", "--input", "in.jsonl", "--concurrency", "4", "--json"];
  return start(args, { cwd: folder });
}

/** Ends the process at one of the requests that it makes, before any answer to that one. */
async function killedLife({ folder, biller, random }: World): Promise<void> {
  const { child, outcome } = batch(folder);
  let requests = 1 + Math.floor(random.next() * 6);
  biller.onRequest = () => {
    requests -= 1;
    if (requests === 0) child.kill("SIGKILL");
  };
  const { signal, code, stderr } = await outcome;
  assert.equal(signal, "SIGKILL", `the batch ended by itself with ${code}: ${stderr}`);
}

/** An engine that only lives on, on a clock of its own: how long until no reservation is left. */
async function untilSettled(folder: string): Promise<{ readonly count: number; readonly seconds: number }> {
  const clock = new ManualClock(systemClock.now());
  const engine = await openEngine({ home: join(folder, ".flyball"), clock, recover: false });
  try {
    const left = () => engine.control.spending.reservations().length;
    const count = left();
    let seconds = 0;
    for (; left() > 0 && seconds <= 600; seconds += 10) {
      clock.advance(10_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { count, seconds };
  } finally {
    await engine.close(0);
  }
}
