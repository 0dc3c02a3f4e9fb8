import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type Clock,
  derivedId,
  type JsonObject,
  type Random,
  seededRandom,
  systemClock,
} from "../../src/core/base/index.ts";
import type { JournalEvent } from "../../src/core/journal/index.ts";
import { type Engine, openEngine } from "../../src/index.ts";
import { files, surveyRows, type WorkflowName, workflowNames } from "./project.ts";

// Fills a store: a few runs of each sort really run, and the rest are their copies through the journal's own
// append, each with an id, a time, a pace, tags and costs of its own. So every event is one that the engine
// writes, and the control tables are what the engine makes of them.

export interface Filled {
  /** The run with the most steps. */
  readonly survey: string;
  readonly runs: number;
  readonly events: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const spreadDays = 30;
/** Copies that share a commit. */
const copiesAtOnce = 250;

/** Writes the project into a folder and its runs into `home` beside it. */
export async function fill(folder: string, { runs, seed }: { runs: number; seed: number }): Promise<Filled> {
  const clock = new SetClock();
  const engine = await openEngine({ home: join(folder, "home"), clock });
  try {
    await openProject(engine, folder);
    const survey = await runSurvey(engine);
    const samples = await runSamples(engine);
    await copy(engine, samples, { clock, runs: runs - samples.length - 1, random: seededRandom(seed) });
    const counted = Object.values(engine.control.countRuns()).reduce((sum, count) => sum + count, 0);
    return { survey, runs: counted, events: engine.journal.lastPosition() };
  } finally {
    await engine.close();
  }
}

/** The time of this machine, until it is set. */
class SetClock implements Clock {
  readonly monotonic = systemClock.monotonic;
  readonly after = systemClock.after;
  at: number | undefined;

  now(): number {
    return this.at ?? systemClock.now();
  }
}

async function openProject(engine: Engine, folder: string): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  for (const name of workflowNames) await engine.open(join(folder, `${name}.yaml`));
  await engine.keepBudgets(engine.project(folder));
}

async function runSurvey(engine: Engine): Promise<string> {
  const rows = Array.from({ length: surveyRows }, (_, row) => ` What I think of number ${row} `);
  const survey = await engine.start("survey", { input: { rows }, tags: { tenant: "acme" } });
  await engine.executor.settled(survey);
  return survey;
}

/** How a sample came to stand where it stands. */
interface Sort {
  readonly workflow: WorkflowName;
  readonly input: JsonObject;
  /** How many of a hundred runs are like it. */
  readonly share: number;
  /** It still waits or is paused, so it began within the last two days. */
  readonly isOpen?: boolean;
  steer?(engine: Engine, run: string): Promise<void>;
}

const risky = { message: "I want my money back, now.", risky: true };
const sorts: readonly Sort[] = [
  { workflow: "support-triage", input: { message: "Where is my card?", risky: false }, share: 40 },
  {
    workflow: "support-triage",
    input: risky,
    share: 8,
    steer: (engine, run) => decide(engine, run, "approve"),
  },
  {
    workflow: "support-triage",
    input: risky,
    share: 2,
    steer: (engine, run) => decide(engine, run, "reject"),
  },
  { workflow: "support-triage", input: risky, share: 0.5, isOpen: true },
  { workflow: "invoices", input: { net: 80, people: 4 }, share: 25 },
  { workflow: "invoices", input: { net: 80, people: 0 }, share: 3 },
  { workflow: "imports", input: { size: 10 }, share: 5 },
  { workflow: "imports", input: { size: 0 }, share: 0.2, isOpen: true },
  { workflow: "payments", input: {}, share: 1, isOpen: true },
  { workflow: "payments", input: {}, share: 8, steer: (engine, run) => signal(engine, run) },
  { workflow: "payments", input: {}, share: 2, steer: (engine, run) => cancel(engine, run) },
  { workflow: "digest", input: { articles: ["Rivers", "Trains", "Bread", "Clocks"] }, share: 5.3 },
];

async function decide(engine: Engine, run: string, decision: "approve" | "reject"): Promise<void> {
  const [review] = engine.control.reviews({ status: "open", run, limit: 1 });
  await engine.decide(String(review?.id), { decision, reviewer: "ada" });
}

function signal(engine: Engine, run: string): Promise<void> {
  return engine.command(run, { kind: "signal", event: "confirmed", data: { by: "bank" } });
}

function cancel(engine: Engine, run: string): Promise<void> {
  return engine.command(run, { kind: "cancel", by: "ada", reason: "paid twice" });
}

interface Sample {
  readonly sort: Sort;
  readonly run: string;
  readonly reviews: readonly string[];
  readonly startedAt: number;
  readonly events: readonly SampleEvent[];
}

interface SampleEvent {
  readonly stream: string;
  readonly at: number;
  readonly actor: string;
  readonly type: string;
  /** JSON. */
  readonly data: string;
}

async function runSamples(engine: Engine): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const sort of sorts) {
    const before = engine.journal.lastPosition();
    const run = await engine.start(sort.workflow, { input: sort.input, tags: { tenant: "acme" } });
    await engine.executor.settled(run);
    await sort.steer?.(engine, run);
    await engine.executor.settled(run);
    const reviews = engine.control.reviews({ run, limit: 10 }).map(({ id }) => id);
    const written = await engine.journal.readAll(before, 1_000);
    const events = written.filter((event) => isOf(run, event)).map(sampled);
    samples.push({ sort, run, reviews, startedAt: events[0]?.at ?? 0, events });
  }
  return samples;
}

/** What makes a run what it is; what was held back for its calls is not among it. */
function isOf(run: string, { stream, data }: JournalEvent): boolean {
  return (
    stream.includes(run) ||
    (/^(review|cost)\//.test(stream) && (stream.startsWith("review/") || data?.run === run))
  );
}

function sampled({ stream, at, actor, type, data }: JournalEvent): SampleEvent {
  return { stream, at, actor, type, data: JSON.stringify(data) };
}

async function copy(
  engine: Engine,
  samples: readonly Sample[],
  { clock, runs, random }: { clock: SetClock; runs: number; random: Random },
): Promise<void> {
  const nowMs = clock.now();
  const picked = startTimes(samples, { runs, random, nowMs });
  let pending: Promise<void>[] = [];
  for (const { sample, startedAt } of picked) {
    clock.at = startedAt;
    pending.push(...appendCopy(engine, sample, { clock, id: engine.newId(), startedAt, nowMs, random }));
    if (pending.length < copiesAtOnce) continue;
    await Promise.all(pending);
    pending = [];
  }
  await Promise.all(pending);
  clock.at = undefined;
}

/** Which sample each copy is of and when it began, in order of time. */
function startTimes(
  samples: readonly Sample[],
  { runs, random, nowMs }: { runs: number; random: Random; nowMs: number },
): readonly { sample: Sample; startedAt: number }[] {
  const total = samples.reduce((sum, { sort }) => sum + sort.share, 0);
  const pick = () => {
    let left = random.next() * total;
    return samples.find(({ sort }) => {
      left -= sort.share;
      return left < 0;
    });
  };
  return Array.from({ length: runs }, () => {
    const sample = pick();
    if (!sample) throw new Error("no samples");
    const agoMs = random.next() * (sample.sort.isOpen ? 2 : spreadDays) * dayMs + 60_000;
    return { sample, startedAt: Math.floor(nowMs - agoMs) };
  }).sort((one, other) => one.startedAt - other.startedAt);
}

const tenants = ["acme", "globex", "initech", "umbrella", "hooli", "wayne", "stark", "tyrell"];
const features = ["chat", "mail", "phone", "shop"];

function appendCopy(
  engine: Engine,
  sample: Sample,
  to: { clock: SetClock; id: string; startedAt: number; nowMs: number; random: Random },
): readonly Promise<void>[] {
  const { clock, id, startedAt, nowMs, random } = to;
  const tags = { tenant: oneOf(tenants, random), feature: oneOf(features, random) };
  const pace = 1 + random.next() * 200;
  const dearer = 1 + random.next() * 300;
  const time = (ms: number) => {
    const afterMs = ms - sample.startedAt;
    return Math.round(startedAt + (afterMs < hourMs ? afterMs * pace : afterMs));
  };
  const names = [
    [sample.run, id],
    ...sample.reviews.map((review) => [review, derivedId("copy", id, review)]),
  ];
  const renamed = (text: string) =>
    names.reduce((sum, [from = "", name = ""]) => sum.replaceAll(from, name), text);
  return sample.events.map(({ stream, at, actor, type, data }) => {
    clock.at = Math.min(nowMs, time(at));
    const value = JSON.parse(renamed(data), (key, member) => {
      if (typeof member !== "number") return member;
      if (key === "usd" || key === "cost" || key === "costUsd") return member * dearer;
      return member > sample.startedAt - dayMs ? time(member) : member;
    });
    if (type === "run.started") value.tags = tags;
    if (type === "cost.charged") Object.assign(value, tags);
    const day = new Date(clock.at).toISOString().slice(0, 10);
    const to = stream.startsWith("cost/") ? `cost/${day}` : renamed(stream);
    return engine.journal.append([{ stream: to, expectedSeq: null, actor, events: [{ type, data: value }] }]);
  });
}

function oneOf(list: readonly string[], random: Random): string {
  return list[Math.floor(random.next() * list.length)] ?? "";
}
