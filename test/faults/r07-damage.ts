import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Random, seededRandom, sha256 } from "../../src/core/base/index.ts";
import { type Engine, openEngine } from "../../src/engine.ts";
import { createApp } from "../../src/http/index.ts";
import { type Fault, type FaultContext, type Measure, report, zero } from "./fault.ts";

// A copy of a database of finished and waiting runs is damaged: a bit is flipped, two pages change places,
// the end is cut off. What SQLite itself still reads from it says whether content has changed. Then the
// engine must notice (refuse to open, verify, doctor), and no read may give back what was not written.

interface Damage {
  readonly name: string;
  readonly share: number;
  apply(file: Buffer, random: Random): Buffer;
}

const trialsPerChangeMax = 30;

const damages: readonly Damage[] = [
  {
    name: "one bit flipped",
    share: 1,
    apply(file, random) {
      const at = Math.floor(random.next() * file.length);
      const after = Buffer.from(file);
      after[at] = (file[at] ?? 0) ^ (1 << Math.floor(random.next() * 8));
      return after;
    },
  },
  {
    name: "two pages swapped",
    share: 0.05,
    apply(file, random) {
      const pageBytes = file.readUInt16BE(16);
      const pages = file.length / pageBytes;
      const [one, other] = [random.next(), random.next()].map(
        (drawn) => Math.floor(drawn * pages) * pageBytes,
      );
      const after = Buffer.from(file);
      file.copy(after, one, other, (other ?? 0) + pageBytes);
      file.copy(after, other, one, (one ?? 0) + pageBytes);
      return after;
    },
  },
  {
    name: "the end cut off",
    share: 0.05,
    apply: (file, random) => Buffer.from(file.subarray(0, Math.floor(random.next() * file.length))),
  },
];

interface Tally {
  trials: number;
  changed: number;
  missed: number;
  silentReads: number;
}

export const fault: Fault = {
  id: "R7",
  title: "the database file is damaged: flipped bits, swapped pages, a missing end",
  promise: "G2 G11",
  async run(context) {
    const { full, seed, scratch, progress } = context;
    const runs = full ? 500 : 60;
    const pristine = join(scratch, "pristine");
    await writeRuns(pristine, scratch, runs);
    const expected = await contentOf(pristine);
    const home = mkdtempSync(
      join(statSync("/dev/shm", { throwIfNoEntry: false }) ? "/dev/shm" : tmpdir(), "flyball-r7-"),
    );
    try {
      const measures: Measure[] = [];
      for (const damage of damages) {
        const random = seededRandom(`${damage.name}-${seed}`);
        const wanted = Math.ceil((full ? 1_000 : 12) * damage.share);
        const tally = await tallyOf(damage, { pristine, expected, home, random, wanted, progress });
        measures.push(...measuresOf(damage, tally));
      }
      return [...measures, ...(await liveDamage(pristine, context))];
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
};

function measuresOf({ name }: Damage, { trials, changed, missed, silentReads }: Tally): readonly Measure[] {
  const found = changed === 0 ? 100 : Math.round((100_000 * (changed - missed)) / changed) / 1_000;
  return [
    report(`${name}: of them changed what the database holds`, changed, `of ${trials}`),
    {
      name: `${name}: found by open, verify or doctor`,
      value: found,
      unit: "%",
      target: ">= 99.9 %",
      trials: changed,
      ok: found >= 99.9 && changed > 0,
    },
    zero(`${name}: runs that were read as something else without an error`, silentReads, changed),
  ];
}

/** Half of the runs end, the others wait for an event. */
async function writeRuns(home: string, project: string, count: number): Promise<void> {
  writeFileSync(join(project, "mixed.yaml"), workflow);
  const engine = await openEngine({ home });
  const { release } = await engine.open(join(project, "mixed.yaml"));
  for (let n = 0; n < count; n++) {
    const id = await engine.executor.start({ release, id: runOf(n), input: { n, waits: n % 2 === 0 } });
    await engine.executor.settled(id);
    if (n % 100 === 99) await engine.journal.seal();
  }
  await engine.close();
}

const runOf = (n: number) => `run-${String(n).padStart(4, "0")}`;

interface Content {
  /** Every row of every table, by SQLite alone; what the file holds. */
  readonly tables: string;
  /** What the engine reads, a digest a run. */
  readonly runs: ReadonlyMap<string, string>;
}

async function contentOf(home: string): Promise<Content> {
  const tables = tablesOf(join(home, "flyball.db"));
  const engine = await openEngine({ home, recover: false });
  const runs = await readRuns(engine);
  await engine.close();
  return { tables, runs };
}

async function readRuns(engine: Engine): Promise<ReadonlyMap<string, string>> {
  const runs = new Map<string, string>();
  for (let n = 0; engine.control.run(runOf(n)); n++) {
    const events = await engine.journal.read(`run/${runOf(n)}`);
    runs.set(
      runOf(n),
      sha256(JSON.stringify(events.map(({ type, at, data, hash }) => [type, at, data, hash]))),
    );
  }
  return runs;
}

/** A digest of all rows; what cannot be read any more is part of it. The owner's epoch moves with each start. */
function tablesOf(file: string): string {
  try {
    const database = new DatabaseSync(file, { readOnly: true, readBigInts: true });
    try {
      const names = database.prepare("SELECT name, sql FROM sqlite_master ORDER BY name").all();
      const tables = names.filter(({ sql }) => /^\s*CREATE TABLE (?!meta\b)/.test(String(sql)));
      const rows = tables.map(({ name }) => {
        const statement = database.prepare(`SELECT * FROM "${name}" NOT INDEXED ORDER BY rowid`);
        return statement.all();
      });
      return sha256(
        JSON.stringify([names, rows], (_, value) => (typeof value === "bigint" ? `${value}n` : value)),
      );
    } finally {
      database.close();
    }
  } catch (error) {
    return `unreadable: ${error}`;
  }
}

interface Trial {
  readonly pristine: string;
  readonly expected: Content;
  readonly home: string;
  readonly random: Random;
  readonly wanted: number;
  progress(text: string): void;
}

async function tallyOf(damage: Damage, trial: Trial): Promise<Tally> {
  const { pristine, expected, home, random, wanted, progress } = trial;
  const tally: Tally = { trials: 0, changed: 0, missed: 0, silentReads: 0 };
  const original = readFileSync(join(pristine, "flyball.db"));
  // Much of a database is room between rows, so that many a flip changes nothing.
  while (tally.changed < wanted && tally.trials < wanted * trialsPerChangeMax) {
    rmSync(home, { recursive: true, force: true });
    cpSync(join(pristine, "keys"), join(home, "keys"), { recursive: true });
    const damaged = damage.apply(original, random);
    writeFileSync(join(home, "flyball.db"), damaged);
    tally.trials += 1;
    if (tablesOf(join(home, "flyball.db")) === expected.tables) continue;
    const { found, silentReads } = await examine(home, expected);
    tally.changed += 1;
    tally.missed += Number(!found);
    tally.silentReads += silentReads;
    if (!found) progress(`${damage.name}, trial ${tally.trials}: not found`);
    if (tally.changed % 100 === 0) progress(`${damage.name}: ${JSON.stringify(tally)}`);
  }
  return tally;
}

/** Whether the engine notices that something is wrong, and how many runs it reads as something else. */
async function examine(home: string, expected: Content): Promise<{ found: boolean; silentReads: number }> {
  let engine: Engine;
  try {
    engine = await openEngine({ home, recover: false });
  } catch {
    return { found: true, silentReads: 0 };
  }
  try {
    const silentReads = await countSilentReads(engine, expected);
    const isWhole = await engine.journal.verify().then(
      ({ ok }) => ok,
      () => false,
    );
    return { found: !(isWhole && (await doctorAgrees(engine))), silentReads };
  } finally {
    await engine.close().catch(() => undefined);
  }
}

async function countSilentReads(engine: Engine, expected: Content): Promise<number> {
  let silent = 0;
  for (const [id, digest] of expected.runs) {
    try {
      const events = await engine.journal.read(`run/${id}`);
      const read = sha256(JSON.stringify(events.map(({ type, at, data, hash }) => [type, at, data, hash])));
      if (read !== digest) silent += 1;
    } catch {
      // An error is what it should be.
    }
  }
  return silent;
}

async function doctorAgrees(engine: Engine): Promise<boolean> {
  const response = await createApp({ engine, isLocal: true }).request("/v1/journal/doctor");
  const { ok } = (await response.json()) as { readonly ok?: boolean };
  return ok === true;
}

/** Runs are damaged while they wait; then every waiting run gets its event. */
async function liveDamage(pristine: string, { full, scratch }: FaultContext): Promise<readonly Measure[]> {
  const home = join(scratch, "live");
  cpSync(pristine, home, { recursive: true });
  const waiting = Array.from({ length: (full ? 500 : 60) / 2 }, (_, index) => runOf(2 * index));
  const damaged = new Set(waiting.filter((_, index) => index % 5 === 0));
  const database = new DatabaseSync(join(home, "flyball.db"));
  const flip = database.prepare(
    "UPDATE events SET body = replace(body, 'value', 'wrong') WHERE stream = ? AND type = 'step.completed'",
  );
  for (const id of damaged) assert.ok(flip.run(`run/${id}`).changes > 0);
  database.close();
  const engine = await openEngine({ home, onFatal: (error) => assert.fail(error) });
  try {
    for (const id of waiting) await engine.command(id, { kind: "signal", event: "go", data: 1 }, id);
    for (const id of waiting) await engine.executor.settled(id);
    const status = (id: string) => engine.control.run(id)?.status;
    const reason = (id: string) => JSON.parse(engine.control.run(id)?.error ?? "{}").code;
    const parked = [...damaged].filter((id) => status(id) === "paused" && reason(id) === "EVENT_DAMAGED");
    const sound = waiting.filter((id) => !damaged.has(id));
    return [
      zero(
        "waiting runs with a damaged event that were not parked with the reason",
        damaged.size - parked.length,
        damaged.size,
      ),
      zero(
        "other waiting runs that did not go on",
        sound.filter((id) => status(id) !== "completed").length,
        sound.length,
      ),
    ];
  } finally {
    await engine.close();
  }
}

const workflow = `workflow: mixed
input: { type: object, required: [n, waits], properties: { n: { type: integer }, waits: { type: boolean } } }
steps:
  - { id: one, transform: { value: "{{ input.n * 3 }}" } }
  - { id: gate, if: "{{ input.waits }}", wait: { event: go } }
  - { id: two, transform: { value: "value {{ one.value }}" } }
`;
