import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Random, seededRandom, systemClock } from "../../src/core/base/index.ts";
import { type Started, start } from "../command.ts";
import {
  below,
  type Fault,
  type FaultContext,
  type Measure,
  machineLoad,
  percentile,
  report,
  zero,
} from "./fault.ts";
import { assertSound, recordedEvents } from "./record.ts";
import { ask, freePort, post, sleep, stop } from "./serving.ts";
import { type Sink, startSink } from "./sink.ts";

// Two loads, each under `kill -9` at random moments, from the first milliseconds of a start on: clients
// that hand runs to a server and ask until they have an answer, and a batch whose command is given again
// until it ends. The steps call a service that is slow and fails now and then, which keeps count by key.

const stepsPerRun = 5;
const clients = 10;
/** Of the kills, those that may come before there is any work. */
const startShare = 0.25;
/** Many lives longer than any client waits. */
const unansweredMsMax = 300_000;
const killAfterMs = { least: 50, most: 2_000 };

interface Size {
  readonly runs: number;
  readonly kills: number;
  readonly delayMs: number;
}

/** What one load under kills left behind. */
interface Tally {
  readonly kills: number;
  readonly recoveriesMs: readonly number[];
  readonly steps: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly repeated: number;
  readonly repeatedMax: number;
  readonly strangers: number;
}

export const fault: Fault = {
  id: "R1",
  title: "`kill -9` at random moments under load: a server with clients, and a batch",
  promise: "G1 G2 G3 G4",
  async run(context) {
    const size = context.full
      ? { runs: 1_000, kills: 100, delayMs: 150 }
      : { runs: 20, kills: 3, delayMs: 20 };
    const seeds = context.full ? [0, 1, 2].map((offset) => context.seed + offset) : [context.seed];
    const tallies: Tally[] = [];
    for (const seed of seeds)
      for (const load of [serverLoad, batchLoad]) {
        tallies.push(await underKills(load, size, seed, context));
        context.progress(
          `seed ${seed}, ${load.name}: ${JSON.stringify({ ...tallies.at(-1), recoveriesMs: 0 })}`,
        );
      }
    return measuresOf(tallies, context.full);
  },
};

function measuresOf(tallies: readonly Tally[], full: boolean): readonly Measure[] {
  const sum = (pick: (tally: Tally) => number) => tallies.reduce((total, tally) => total + pick(tally), 0);
  const [kills, steps, repeated] = [sum((t) => t.kills), sum((t) => t.steps), sum((t) => t.repeated)];
  const recoveries = tallies.flatMap(({ recoveriesMs }) => recoveriesMs);
  const p95 = Math.round(percentile(recoveries, 0.95));
  return [
    {
      name: "kills, a quarter of them from the start of the process on",
      value: kills,
      target: "> 0",
      ok: kills > 0,
    },
    zero(
      "accepted runs lost",
      sum((t) => t.lost),
      steps / stepsPerRun,
    ),
    zero(
      "step results recorded twice",
      sum((t) => t.duplicates),
      steps,
    ),
    zero(
      "calls under a key of no recorded step",
      sum((t) => t.strangers),
      steps,
    ),
    report("calls repeated per 1,000 steps", Math.round((repeated * 10_000) / steps) / 10),
    {
      name: "loads that repeated more than was under way at the kills",
      ...{ value: tallies.filter((t) => t.repeated > t.repeatedMax).length, target: "0" },
      ok: tallies.every((t) => t.repeated <= t.repeatedMax),
    },
    machineLoad(),
    report("start of the process to its first call, p50", Math.round(percentile(recoveries, 0.5)), "ms"),
    full
      ? below("start of the process to its first call, p95", p95, {
          max: 1_000,
          unit: "ms",
          trials: recoveries.length,
        })
      : report("start of the process to its first call, p95", p95, "ms"),
  ];
}

interface World {
  readonly folder: string;
  readonly sink: Sink;
  readonly size: Size;
  readonly lives: Lives;
}

/** Runs a load to its end; resolves with the runs that were accepted. */
type Load = (world: World) => Promise<{ readonly accepted: number; readonly inFlight: number }>;

async function underKills(load: Load, size: Size, seed: number, context: FaultContext): Promise<Tally> {
  const folder = join(context.scratch, `${load.name}-${seed}`);
  mkdirSync(folder);
  const sink = await startSink({ delayMs: size.delayMs, failEvery: 41 });
  const lives = new Lives(sink, seededRandom(`${load.name}-${seed}`), context);
  try {
    writeFileSync(join(folder, "calls.yaml"), workflow(sink.port));
    writeFileSync(join(folder, "flyball.yaml"), `allow: { http: ["127.0.0.1:${sink.port}"] }\n`);
    const { accepted, inFlight } = await load({ folder, sink, size, lives });
    await assertSound(folder);
    return {
      ...(await tallyOf(folder, sink, accepted)),
      ...lives.result(),
      repeatedMax: lives.kills * inFlight,
    };
  } finally {
    await sink.close();
  }
}

async function tallyOf(folder: string, sink: Sink, accepted: number) {
  const events = await recordedEvents(folder);
  const keys = events
    .filter(({ type }) => type === "step.completed")
    .map(({ stream, data }) => `${stream.slice(4)}/${data?.path}`);
  const recorded = new Set(keys);
  const completed = events.filter(({ type }) => type === "run.completed").length;
  const answered = [...sink.answered];
  assert.equal(
    events.filter(({ type }) => type === "run.started").length,
    accepted,
    "one run for each request",
  );
  assert.ok(answered.length >= recorded.size, "each recorded step was answered");
  return {
    steps: keys.length,
    lost: accepted - completed + (accepted * stepsPerRun - recorded.size),
    duplicates: keys.length - recorded.size,
    strangers: answered.filter(([key]) => !recorded.has(key)).length,
    repeated: answered.reduce((total, [, count]) => total + count - 1, 0),
  };
}

/** The lives of one process: started, killed at a random moment, started again. */
class Lives {
  kills = 0;
  readonly #recoveriesMs: number[] = [];
  readonly #sink: Sink;
  readonly #random: Random;
  readonly #mostMs: number;

  constructor(sink: Sink, random: Random, { full }: FaultContext) {
    this.#sink = sink;
    this.#random = random;
    this.#mostMs = full ? killAfterMs.most : 900;
  }

  result() {
    return { kills: this.kills, recoveriesMs: this.#recoveriesMs };
  }

  /** One life, and how it ended: true when the process ended by itself, and well. */
  async live(startProcess: () => Started): Promise<boolean> {
    const startedMs = systemClock.monotonic();
    const { child, outcome } = startProcess();
    const firstCall = this.#sink.nextCall().then(() => systemClock.monotonic() - startedMs);
    const { least } = killAfterMs;
    const killInMs = least + this.#random.next() * (this.#mostMs - least);
    // Most die at work, some while they start: there the moment counts from the start of the process.
    if (this.#random.next() < startShare) await Promise.race([outcome, sleep(killInMs)]);
    else {
      const recoveryMs = await Promise.race([outcome, firstCall]);
      if (typeof recoveryMs === "number") this.#recoveriesMs.push(recoveryMs);
      await Promise.race([outcome, sleep(killInMs)]);
    }
    child.kill("SIGKILL");
    const { code, signal, stderr } = await outcome;
    if (signal === "SIGKILL") this.kills += 1;
    else assert.equal(code, 0, stderr);
    return signal !== "SIGKILL";
  }
}

async function batchLoad({ folder, size, lives }: World) {
  const concurrency = 8;
  const rows = Array.from({ length: size.runs }, (_, n) => `{"n":${n}}\n`);
  writeFileSync(join(folder, "in.jsonl"), rows.join(""));
  const args = ["run", "calls.yaml", "--input", "in.jsonl", "--concurrency", String(concurrency), "--json"];
  const startBatch = () => start(args, { cwd: folder });
  let done = false;
  while (!done && lives.kills < size.kills) done = await lives.live(startBatch);
  const { code, stderr } = await startBatch().outcome;
  assert.equal(code, 0, stderr);
  return { accepted: size.runs, inFlight: concurrency };
}

async function serverLoad({ folder, size, lives }: World) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/v1`;
  const startServer = () => start(["serve", ".", "--no-supervise", "--port", String(port)], { cwd: folder });
  let asked = 0;
  const accepted = new Set<string>();
  const next = () => (asked < size.runs || lives.kills < size.kills ? asked++ : undefined);
  const working = Promise.all(Array.from({ length: clients }, () => client(url, next, accepted)));
  let isWorking = true;
  const lastServer = (async () => {
    while (isWorking && lives.kills < size.kills) await lives.live(startServer);
    return startServer();
  })();
  try {
    await working;
  } finally {
    isWorking = false;
    await stop(await lastServer);
  }
  assert.equal(accepted.size, asked, "each request has a run of its own");
  return { accepted: accepted.size, inFlight: clients };
}

/** Hands in one run after the other, each until it is accepted and then until it has ended. */
async function client(url: string, next: () => number | undefined, accepted: Set<string>): Promise<void> {
  for (let n = next(); n !== undefined; n = next()) {
    const key = { "idempotency-key": `request-${n}` };
    const answer = await untilAnswered(() => post(`${url}/workflows/calls/runs`, { input: { n } }, key), 202);
    const id = String(answer.runId);
    accepted.add(id);
    while (!(await untilAnswered(() => ask(`${url}/runs/${id}`), 200)).endedAt) await sleep(50);
  }
}

async function untilAnswered(request: () => ReturnType<typeof ask>, status: number) {
  const startedMs = systemClock.monotonic();
  while (systemClock.monotonic() - startedMs < unansweredMsMax) {
    const answer = await request();
    if (answer?.status === status) return answer.body;
    // While a server starts, its workflows may not be there yet; an accepted run must be there at once.
    assert.ok(answer === undefined, `answered ${answer?.status}: ${JSON.stringify(answer?.body)}`);
    await sleep(20);
  }
  return assert.fail(`no answer within ${unansweredMsMax} ms`);
}

function workflow(port: number): string {
  const step = (index: number) => `
  - id: call${index}
    retry: { attempts: 8, backoff: 20ms, max: 100ms }
    tool: { http: { method: POST, url: "http://127.0.0.1:${port}/", body: { n: "{{ input.n }}", step: ${index} } } }`;
  const steps = Array.from({ length: stepsPerRun }, (_, index) => step(index));
  return `workflow: calls\ninput: { type: object, required: [n], properties: { n: { type: integer } } }\nsteps:${steps.join("")}\n`;
}
