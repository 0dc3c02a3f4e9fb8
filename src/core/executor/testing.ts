import assert from "node:assert/strict";
import { MemoryControlStore, MemoryJournalStorage } from "../../store/memory/index.ts";
import { derivedId, type Json, type JsonObject, ManualClock } from "../base/index.ts";
import {
  type BlobStore,
  createJournal,
  eventsOf,
  type Journal,
  type JournalEvent,
  type JournalStorage,
  memoryBlobs,
  NotOwner,
  newSealKey,
} from "../journal/index.ts";
import {
  compileWorkflow,
  kindRegistry,
  type ReviewDecision,
  type StepDocument,
  type StepKind,
  type WorkflowDocument,
} from "../workflow/index.ts";
import type { RunLimits } from "./admission.ts";
import { Batches } from "./batch.ts";
import { controlChanges, forgottenRows } from "./control.ts";
import { ReleaseMissing } from "./errors.ts";
import type { Command } from "./events.ts";
import { Executor } from "./executor.ts";
import { type Flow, FlowProgram } from "./flow.ts";
import { coreKinds } from "./kinds/index.ts";
import { commandAppend } from "./record.ts";
import { assetOf, createReleases, type Release, type Releases } from "./release.ts";
import type { ControlChange, ControlStore, RunRow } from "./store.ts";
import { World, worldKinds } from "./testing-world.ts";

// An engine for the tests of this folder: a store in memory, a clock moved by hand, and kinds of steps
// whose behaviour a test gives. Nothing in it sleeps: a test waits for `settled` or for a call.

export { Outage, World } from "./testing-world.ts";

const sealKey = newSealKey();

/** What stays when the process goes: the store, and the world outside. */
export interface Disk {
  readonly storage: JournalStorage<ControlChange>;
  readonly control: ControlStore;
  readonly blobs: BlobStore;
}

export function memoryDisk(): Disk {
  const control = new MemoryControlStore();
  return { control, storage: new MemoryJournalStorage(control), blobs: memoryBlobs() };
}

export interface SetupOptions {
  readonly disk?: Disk;
  readonly world?: World;
  readonly clock?: ManualClock;
  readonly flows?: readonly Flow[];
  /** Whether it takes up what was under way by itself (default). */
  readonly recover?: boolean;
  /** Kinds of other folders, beside the core's and those of the world. */
  readonly kinds?: readonly StepKind[];
  /** The generator of jitter; by default the middle of what is possible. */
  readonly random?: () => number;
  readonly limits?: Partial<RunLimits>;
}

export interface Bundle extends Disk {
  readonly clock: ManualClock;
  readonly journal: Journal;
  readonly executor: Executor;
  readonly batches: Batches;
  readonly releases: Releases;
  readonly world: World;
  readonly kinds: ReadonlyMap<string, StepKind>;
  /** What the executor told about trouble. */
  readonly troubles: string[];
  /** The process is gone: what it had not written is lost. */
  kill(): void;
}

/** Lets everything happen that can happen without time passing and without an answer from outside. */
export async function ticks(count = 6): Promise<void> {
  for (let tick = 0; tick < count; tick++) await new Promise((resolve) => setImmediate(resolve));
}

/** A fresh engine, or one more on the disk of an earlier one. */
export function setup(options: SetupOptions = {}): Bundle {
  const { disk = memoryDisk(), world = new World(), clock = new ManualClock(), flows = [] } = options;
  const { control } = disk;
  const owner = ownerOf(disk.storage);
  const journal = createJournal({
    ...disk,
    storage: owner.storage,
    clock,
    key: sealKey,
    derive: controlChanges,
    forget: forgottenRows,
  });
  const kinds = kindRegistry([...coreKinds, ...worldKinds(world), ...(options.kinds ?? [])]);
  const releases = createReleases({
    journal,
    isPublished: (digest) => control.asset(digest) !== undefined,
    define: ({ kind, content }) =>
      kind === "flow"
        ? { type: "flow", ...(content as { name: string; version: string }), kinds }
        : { type: "document", workflow: compileWorkflow(content as never, kinds) },
  });
  const troubles: string[] = [];
  let lastId = 0;
  const executor = new Executor({
    journal,
    control,
    releases,
    clock,
    random: options.random ? { next: options.random } : { next: () => 0.5 },
    newId: () => `run-${++lastId}`,
    ...(options.limits ? { limits: options.limits } : {}),
    flowProgram({ name, version }, { id, started }) {
      const code = flows.find((known) => known.name === name && known.version === version);
      if (!code) throw new ReleaseMissing(`The code of flow ${name}, version ${version},`);
      return new FlowProgram(code, kinds, { id, input: started.input, tags: started.tags ?? {} });
    },
    onTrouble: (message) => troubles.push(message),
  });
  const load = (digest: string) => releases.load(digest);
  const batches = new Batches({ journal, control, executor, clock, load });
  if (options.recover !== false) executor.recover();
  return { ...disk, clock, journal, executor, batches, releases, world, kinds, troubles, kill: owner.kill };
}

/** The storage as one process has it: once that is killed, whatever is left of it writes nothing. */
function ownerOf(storage: JournalStorage<ControlChange>) {
  let isKilled = false;
  const owned = methodsOf(storage);
  owned.commit = (rows, changes, removal) => {
    if (isKilled) throw new NotOwner("the disk");
    return storage.commit(rows, changes, removal);
  };
  return {
    storage: owned,
    kill: () => {
      isKilled = true;
    },
  };
}

/** A storage by its methods, each to be put in another's place; closing it is left to its owner. */
export function methodsOf<Change>(storage: JournalStorage<Change>): JournalStorage<Change> {
  return {
    commit: (...args) => storage.commit(...args),
    lastPosition: () => storage.lastPosition(),
    head: (stream) => storage.head(stream),
    readStream: (...args) => storage.readStream(...args),
    readAll: (...args) => storage.readAll(...args),
    hashes: (...args) => storage.hashes(...args),
    streams: (prefix) => storage.streams(prefix),
    pruned: (...args) => storage.pruned(...args),
    namesBlob: (digest) => storage.namesBlob(digest),
    putSeal: (seal) => storage.putSeal(seal),
    seals: () => storage.seals(),
    lastSeal: () => storage.lastSeal(),
    sealAt: (index) => storage.sealAt(index),
    tidy: () => storage.tidy(),
    problems: () => storage.problems(),
    close: () => {},
  };
}

/** A process that ends without a word, and the one that takes its place. */
export function restart(bundle: Bundle, options: Omit<SetupOptions, "disk"> = {}): Bundle {
  const { storage, control, blobs, world } = bundle;
  bundle.kill();
  const clock = new ManualClock(bundle.clock.now());
  return setup({ world, clock, ...options, disk: { storage, control, blobs } });
}

export interface StepParts extends Partial<Omit<StepDocument, "id" | "kind" | "config">> {}

/** A step of a kind: `step("a", "now", { do: "x" })`. */
export function step(id: string, kind: string, config: JsonObject, parts: StepParts = {}): StepDocument {
  return { id, kind, config, ...parts };
}

/** A step that gives a value. */
export function value(id: string, expression: Json, parts: StepParts = {}): StepDocument {
  return step(id, "transform", { value: expression }, parts);
}

/** A step that calls the world, later. */
export function call(id: string, name: string, data: Json = null, parts: StepParts = {}): StepDocument {
  return step(id, "call", { do: name, with: data }, parts);
}

export function block(id: string, kind: string, config: object, parts: StepParts = {}): StepDocument {
  return step(id, kind, config as JsonObject, parts);
}

export function document(
  steps: readonly StepDocument[],
  parts: Partial<WorkflowDocument> = {},
): WorkflowDocument {
  return { workflow: "test", steps, ...parts };
}

/** Publishes a document, and the documents that it calls as children. */
export async function publish(
  { releases, kinds }: Pick<Bundle, "releases" | "kinds">,
  definition: WorkflowDocument,
  children: readonly Release[] = [],
): Promise<Release> {
  const { version } = compileWorkflow(definition, kinds);
  const assets = children.map((child) => assetOf("workflow", child.workflow, { release: child.digest }));
  const content = assetOf("workflow", definition.workflow, definition as unknown as Json);
  return releases.publish({ workflow: definition.workflow, version, definition: content, assets });
}

export function publishFlow(
  { releases }: Pick<Bundle, "releases">,
  { name, version }: Flow,
): Promise<Release> {
  const definition = assetOf("flow", name, { name, version });
  return releases.publish({ workflow: name, version, definition, assets: [] });
}

/** What belongs to the document, and what to the start. */
export interface RunParts extends Pick<WorkflowDocument, "output" | "expiresMs" | "concurrency" | "rate"> {
  readonly input?: Json;
  readonly id?: string;
  readonly children?: readonly Release[];
  readonly priority?: number;
}

/** Starts a run of these steps; its id. */
export async function start(
  bundle: Bundle,
  steps: readonly StepDocument[],
  parts: RunParts = {},
): Promise<string> {
  const { input = null, id, children = [], priority, ...others } = parts;
  const release = await publish(bundle, document(steps, others), children);
  return bundle.executor.start({
    release,
    input,
    ...(id ? { id } : {}),
    ...(priority === undefined ? {} : { priority }),
  });
}

export interface Ending {
  readonly id: string;
  readonly status: string;
  readonly output: Json;
  readonly events: readonly JournalEvent[];
  readonly row: RunRow;
}

/** Where a run has come to rest. */
export async function ending(bundle: Bundle, id: string): Promise<Ending> {
  const status = await bundle.executor.settled(id);
  const events = await bundle.journal.read(`run/${id}`);
  const completed = events.find(({ type }) => type === "run.completed");
  const row = bundle.control.run(id);
  assert.ok(row);
  return { id, status, output: completed?.data?.output ?? null, events, row };
}

/** Runs these steps to where they come to rest. */
export async function run(
  bundle: Bundle,
  steps: readonly StepDocument[],
  parts: RunParts = {},
): Promise<Ending> {
  return ending(bundle, await start(bundle, steps, parts));
}

/** The paths of a run's events of one type, in order. */
export function pathsOf(events: readonly JournalEvent[], type: string): string[] {
  return events.filter((event) => event.type === type).map(({ data }) => String(data?.path));
}

export function typesOf(events: readonly JournalEvent[]): string[] {
  return events.map(({ type }) => type);
}

export function dataOf(events: readonly JournalEvent[], type: string, path?: string): JsonObject {
  const event = events.find((each) => each.type === type && (path === undefined || each.data?.path === path));
  assert.ok(event?.data, `there is no ${type}${path ? ` of ${path}` : ""} in ${typesOf(events).join(", ")}`);
  return event.data;
}

export async function send(
  bundle: Bundle,
  id: string,
  command: Command,
  commandId = "command-1",
): Promise<void> {
  await bundle.executor.send(id, commandId, command);
}

/** Answers an open review as `people/reviews` does: answer and inbox command in one commit. */
export async function answer(bundle: Bundle, review: string, decision: ReviewDecision): Promise<void> {
  const events = await bundle.journal.read(`review/${review}`);
  const run = String(dataOf(events, "review.requested").run);
  const decided = { type: "review.decided", data: { ...decision } as JsonObject };
  const command: Command = { kind: "decision", review, decision };
  await bundle.journal.append([
    { stream: `review/${review}`, expectedSeq: events.length, actor: decision.reviewer, events: [decided] },
    commandAppend(run, derivedId("decision", review), command),
  ]);
  bundle.executor.wake(run);
}

/** The ids of a run's open reviews. */
export function openReviews({ control }: Disk, id: string): string[] {
  return control.reviews({ run: id, status: "open", limit: 100 }).map((review) => review.id);
}

/** Which events were committed together, as one list of `stream type` for each commit. */
export function watchCommits({ storage }: Pick<Disk, "storage">): string[][] {
  const commits: string[][] = [];
  const commit = storage.commit.bind(storage);
  storage.commit = (rows, changes, erased) => {
    commits.push(rows.map(({ stream, type }) => `${stream.split("/")[0]} ${type}`));
    return commit(rows, changes, erased);
  };
  return commits;
}

/** The control tables as a fold of the whole journal. */
export async function foldedTables(journal: Journal): Promise<object> {
  const folded = new MemoryControlStore();
  for (const event of await eventsOf(journal)) {
    assert.ok(event.data, "nothing has been erased");
    for (const change of controlChanges({ ...event, data: event.data })) folded.apply(change);
  }
  return folded.dump();
}

/** Checks that the journal verifies, and that the control tables are what a fold of it gives. */
export async function assertSound({ journal, control }: Pick<Bundle, "journal" | "control">): Promise<void> {
  assert.deepEqual((await journal.verify()).firstBad, null);
  const plain = (tables: object) => JSON.parse(JSON.stringify(tables));
  assert.deepEqual(plain(control.dump()), plain(await foldedTables(journal)));
}

/** Moves the clock until the run has come to rest for good, or so often; the milliseconds that it took. */
export async function letTimePass(
  { executor, clock, control }: Bundle,
  id: string,
  byMs = 100,
): Promise<number> {
  const before = clock.now();
  for (let turn = 0; turn < 2_000; turn++) {
    await ticks(2);
    if (executor.isIdle && control.run(id)?.dueAt === null) break;
    clock.advance(byMs);
  }
  return clock.now() - before;
}

/** Lets every run go as far as it can without time passing. */
export async function settle({ executor }: Bundle, ...ids: string[]): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await ticks();
    for (const id of ids) await executor.settled(id);
    if (executor.isIdle) return;
  }
}
