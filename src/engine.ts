import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Code, createCode, type HostLimits } from "./actions/code/index.ts";
import { createTools } from "./actions/tools/index.ts";
import {
  type Clock,
  derivedId,
  type FlyballError,
  type Json,
  messageOf,
  type NewId,
  randomBytes,
  systemClock,
  systemRandom,
  timeOrderedIds,
} from "./core/base/index.ts";
import {
  applyRetention,
  assetOf,
  Batches,
  type Command,
  controlChanges,
  coreKinds,
  createReleases,
  type Definition,
  Executor,
  type Flow,
  FlowProgram,
  forgottenRows,
  type Program,
  type Release,
  type Releases,
  type Retention,
  type RunLimits,
  RunNotFound,
  type RunStarted,
  type StartRequest,
} from "./core/executor/index.ts";
import {
  createJournal,
  fileBlobs,
  type Journal,
  makeFolderDurably,
  type PendingEvent,
  type SealKey,
  sealKeyIn,
  writeDurably,
} from "./core/journal/index.ts";
import {
  AssetNotFound,
  forgottenRegistryRows,
  type Offer,
  type OfferOptions,
  Registry,
  registryChanges,
  rulesLine,
  type ScoreRecorded,
  type StoredChange,
  type Taken,
} from "./core/registry/index.ts";
import {
  type Asset,
  compileWorkflow,
  type KindRegistry,
  kindRegistry,
  problemText,
} from "./core/workflow/index.ts";
import { createGateway } from "./models/gateway/index.ts";
import { extract, loadClassifier } from "./models/learning/index.ts";
import { createRetrieval, type SearchIndexes } from "./models/retrieval/index.ts";
import { type DecisionRequest, decide, humanReviewKind, type Review } from "./people/reviews/index.ts";
import {
  assetKinds,
  isModule,
  type LoadedFile,
  olderVersionsOf,
  ProjectLoader,
  projectFolderOf,
  readText,
  secretFromEnvironment,
  type WrittenAsset,
} from "./project/index.ts";
import {
  openOwned,
  type Reserve,
  SqliteControlStore,
  SqliteJournalStorage,
  sqliteSearchIndexes,
} from "./store/sqlite/index.ts";

/**
 * The one place where everything is put together. An engine owns one data folder; workflows of any
 * folder run in it, because a run needs nothing but what its release pins.
 */
export interface EngineOptions {
  /** The data folder. */
  readonly home: string;
  readonly clock?: Clock;
  /** Whether runs that were under way are taken up (default), or only looked at. */
  readonly recover?: boolean;
  readonly limits?: Partial<RunLimits>;
  /** Told what no caller waits for. */
  readonly onTrouble?: (message: string) => void;
  /** Limits of users' code in processes of its own, where they differ. */
  readonly codeLimits?: Partial<HostLimits>;
  /** What users' code writes to its standard output and error; to our standard error when absent. */
  readonly onOutput?: (text: string) => void;
  /** A commit's outcome is unknown, or the folder has a new owner: the process must end. */
  readonly onFatal?: (error: FlyballError) => void;
}

export async function openEngine(options: EngineOptions): Promise<Engine> {
  const engine = new Engine(options);
  if (options.recover !== false) await engine.recover();
  return engine;
}

/** A workflow that can be started, and what its writer should know. */
export interface Opened {
  readonly release: Release;
  readonly warnings: readonly string[];
}

/** What is said of files that are pushed; a draft moves no label. */
type PushOptions = Pick<OfferOptions, "message" | "isDraft">;

/** A workflow file, published, and what the registry may take of it. */
export interface Loaded extends Opened {
  readonly offers: readonly Offer[];
  /** The rules of labels in the settings beside it. */
  readonly rules: Offer;
}

/** Everything in the control tables is a fold of the journal: what an event changes there. */
export function storedChanges(event: PendingEvent): readonly StoredChange[] {
  const more = registryChanges(event);
  return more.length === 0 ? controlChanges(event) : [...controlChanges(event), ...more];
}

const sealEveryMs = 60_000;
const retainEveryMs = 600_000;
export interface KindParts {
  readonly kinds: KindRegistry;
  readonly indexes: SearchIndexes;
  close(): Promise<void>;
}

/** Every kind of step that there is. Touches no disk until a step needs it. */
export function createKinds({ home, clock = systemClock }: { home: string; clock?: Clock }): KindParts {
  const secrets = secretFromEnvironment;
  const indexes = sqliteSearchIndexes(join(home, "indexes"));
  const gateway = createGateway({
    clock,
    secrets,
    baseDir: join(home, "models"),
    local: { loadClassifier, extract },
  });
  const retrieval = createRetrieval({ indexes, baseDir: home });
  const tools = createTools({
    clock,
    secrets,
    allowHttp: (context) => allowedHosts(context.asset("policy", "http")),
  });
  return {
    kinds: kindRegistry([
      gateway.inferenceKind,
      retrieval.retrievalKind,
      humanReviewKind,
      ...tools.kinds,
      ...coreKinds,
    ]),
    indexes,
    async close() {
      await tools.close();
      indexes.close();
    },
  };
}

/** Where the outgoing calls of a run may go: what its release has pinned, whatever the settings say now. */
function allowedHosts(policy: Asset): readonly string[] {
  return (policy.content as { allow: readonly string[] }).allow;
}

export class Engine {
  readonly home: string;
  readonly journal: Journal;
  readonly control: SqliteControlStore;
  readonly executor: Executor;
  readonly batches: Batches;
  readonly releases: Releases;
  readonly registry: Registry;
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  readonly sealKey: SealKey;
  readonly #newId: NewId;
  readonly #onTrouble: (message: string) => void;
  readonly #flows = new Map<string, Flow>();
  /** The folder whose settings a route or a model is read with that comes without a file. */
  #project: ProjectLoader | undefined;
  readonly #kindParts: KindParts;
  readonly #code: Code;
  readonly #stops = new Set<() => void>();
  #isClosed = false;
  readonly #reserve: Reserve;

  constructor(options: EngineOptions) {
    this.home = resolve(options.home);
    this.clock = options.clock ?? systemClock;
    this.#newId = timeOrderedIds(this.clock);
    this.#onTrouble = options.onTrouble ?? (() => {});
    const owned = openOwned(this.home);
    this.sealKey = sealKeyIn(this.home);
    this.control = new SqliteControlStore(owned.database);
    this.#reserve = owned.reserve;
    const storage = new SqliteJournalStorage(owned, this.home);
    const blobs = fileBlobs(join(this.home, "blobs"));
    blobs.collect((digest) => storage.namesBlob(digest));
    this.journal = createJournal({
      storage,
      blobs,
      clock: this.clock,
      key: this.sealKey,
      derive: storedChanges,
      forget: (stream) => [...forgottenRows(stream), ...forgottenRegistryRows(stream)],
      ...(options.onFatal ? { onFatal: options.onFatal } : {}),
    });
    this.#kindParts = createKinds({ home: this.home, clock: this.clock });
    this.kinds = this.#kindParts.kinds;
    this.#code = createCode({
      clock: this.clock,
      kinds: this.kinds,
      ...(options.codeLimits ? { limits: options.codeLimits } : {}),
      onOutput: options.onOutput ?? ((text) => process.stderr.write(text)),
    });
    this.releases = createReleases({
      journal: this.journal,
      isPublished: (digest) => this.control.asset(digest) !== undefined,
      define: (asset) => this.#define(asset.content, asset.kind),
    });
    const parts = {
      journal: this.journal,
      releases: this.releases,
      clock: this.clock,
      newId: this.#newId,
      onTrouble: this.#onTrouble,
    };
    const isFlowLoaded = (name: string, version: string) =>
      this.#flows.has(`${name}@${version}`) || this.#code.has(name, version);
    this.registry = new Registry({
      ...parts,
      store: this.control.registry,
      kinds: assetKinds(this.kinds, isFlowLoaded),
    });
    this.executor = new Executor({
      ...parts,
      control: this.control,
      random: systemRandom,
      ...(options.limits ? { limits: options.limits } : {}),
      flowProgram: (name, version, run) => this.#flowProgram(name, version, run.id, run.started),
      onStopped: (run) => this.registry.rollouts.stopped(run),
    });
    this.batches = new Batches({
      journal: this.journal,
      control: this.control,
      executor: this.executor,
      clock: this.clock,
      load: (digest) => this.releases.load(digest),
    });
    this.#every(sealEveryMs, () => this.journal.seal());
  }

  #define(content: Json, kind: string): Definition {
    if (kind === "flow") return { type: "flow", ...(content as { name: string; version: string }) };
    return { type: "document", workflow: compileWorkflow(content as never, this.kinds) };
  }

  /** Code that was registered runs here; code of a module runs in a process of its own. */
  #flowProgram(name: string, version: string, id: string, started: RunStarted): Program {
    const { workflow, input, tags = {} } = started;
    const code = this.#flows.get(`${name}@${version}`);
    if (code) return new FlowProgram(code, this.kinds, { id, input, tags });
    return this.#code.program({ name, version }, { id, workflow, input, tags });
  }

  /** A loader for the workflow files of one folder. */
  project(folder: string): ProjectLoader {
    return new ProjectLoader(folder, this.kinds);
  }

  /** Takes up what was under way, and acts on what rollouts had come to. */
  async recover({ afterCrash = false } = {}): Promise<void> {
    this.registry.rollouts.recover();
    if (afterCrash) await this.executor.recoverFromCrash();
    else this.executor.recover();
  }

  /** Loads and pins a workflow file. Its versions are in the registry from then on; it runs in its own, whatever is production. */
  async open(file: string): Promise<Opened> {
    const { release, warnings, offers } = await this.load(file);
    await this.registry.take(offers, { source: "run", by: "local" });
    return { release, warnings };
  }

  /** Takes the versions of files that are served: those that are new to the files become production. */
  serve(loaded: readonly Pick<Loaded, "offers" | "rules">[], options: PushOptions = {}): Promise<Taken> {
    const rules = loaded.map((each) => each.rules).filter((each) => this.#isRuled(each));
    const offers = [...rules, ...loaded.flatMap((each) => each.offers)];
    return this.registry.take(offers, { source: "files", by: "local", ...options });
  }

  /** Settings without rules say so only where there have been some. */
  #isRuled({ asset }: Offer): boolean {
    return Object.keys(asset.content ?? {}).length > 0 || this.registry.store.line(rulesLine) !== undefined;
  }

  /**
   * Loads and publishes a workflow file, or a module whose default export is a flow; with it come the older
   * versions beside it, so that their runs can go on.
   */
  async load(file: string): Promise<Loaded> {
    const loader = this.project(projectFolderOf(file));
    this.#project = loader;
    if (isModule(file)) return this.#loadModule(loader, file);
    const { loaded, ...pinned } = loader.load(file);
    const release = await this.publish(loader, pinned);
    return {
      release,
      warnings: loaded.warnings.map(problemText),
      offers: pinned.offers,
      rules: loader.labelRules(),
    };
  }

  async #loadModule(loader: ProjectLoader, file: string): Promise<Loaded> {
    const path = resolve(file);
    readText(path);
    const { environment } = loader.settings.allow;
    const older = olderVersionsOf(path).map((other) => this.#code.load(other, { environment }));
    await Promise.all(older);
    const facts = await this.#code.load(path, { environment });
    return this.#publishFlow(facts, loader, { source: facts.source });
  }

  /** Pins a loaded file: its assets, its children first, and what must be kept of the project's files. */
  async publish(loader: ProjectLoader, file: Pick<LoadedFile, "parts" | "children">): Promise<Release> {
    for (const { assets } of [...file.children, file.parts]) this.#keep(loader, assets);
    for (const child of file.children) await this.releases.publish(child);
    return this.releases.publish(file.parts);
  }

  /** What must be kept of a project's files beside the contents of the assets. */
  #keep(loader: ProjectLoader, assets: readonly Asset[]): void {
    const { prepare } = createRetrieval({ indexes: this.#kindParts.indexes, baseDir: loader.folder });
    for (const asset of assets) {
      if (asset.kind === "index") prepare(asset);
      keepModelFiles(asset.content, loader.folder, join(this.home, "models"));
    }
  }

  /** Adds a version of an asset as it is written in a file, or in the settings. Throws `WorkflowInvalid`. */
  async add(written: WrittenAsset, message?: string): Promise<void> {
    const loader = this.#project ?? this.project(this.home);
    const offers = loader.assetOf(written, this.registry);
    this.#keep(
      loader,
      offers.map(({ asset }) => asset),
    );
    await this.registry.take(offers, { source: "api", by: "local", message });
  }

  /** Takes every asset of a folder as its files have it now, workflow files with what they name. */
  async push(files: readonly string[], folder: string, options: PushOptions): Promise<Taken> {
    const loaded: Loaded[] = [];
    for (const file of files) loaded.push(await this.load(file));
    const loader = this.project(folder);
    const offers = loader.everything();
    this.#keep(
      loader,
      offers.map(({ asset }) => asset),
    );
    const others = { offers, rules: loader.labelRules() };
    return this.serve([others, ...loaded], options);
  }

  /**
   * Registers a flow's code, so that its runs can start and go on. It runs in this process: what it blocks
   * or ends is this process. `open` runs a module in a process of its own.
   */
  async register(code: Flow, loader: ProjectLoader): Promise<Release> {
    this.#flows.set(`${code.name}@${code.version}`, code);
    const { release, offers } = await this.#publishFlow(code, loader);
    await this.registry.take(offers, { source: "run", by: "local" });
    return release;
  }

  /** The source's digest tells versions apart that somebody forgot to number. */
  async #publishFlow(
    { name, version, uses }: Pick<Flow, "name" | "version" | "uses">,
    loader: ProjectLoader,
    pinned: { readonly source?: string } = {},
  ): Promise<Loaded> {
    const used = uses.length === 0 ? {} : { uses: [...uses] };
    const definition = assetOf("flow", name, { name, version, ...used, ...pinned });
    const assets = [...loader.flowAssets({ name, uses }), loader.policy()];
    const parts = { workflow: name, version, definition, assets };
    const children = loader.takeChildren();
    const release = await this.publish(loader, { parts, children });
    return {
      release,
      warnings: [],
      offers: loader.offersOf([...children, parts]),
      rules: loader.labelRules(),
    };
  }

  /**
   * Starts a run of a workflow in what its name stands for now: the production version of it and of all that
   * it names, or the arm of a rollout. Throws `AssetNotFound` when there is none.
   */
  async start(workflow: string, request: Omit<StartRequest, "release">): Promise<string> {
    const line = this.registry.runnable(workflow);
    if (line === undefined) throw new AssetNotFound(`workflow/${workflow}`);
    const settled = this.registry.settled(line);
    if (settled) return this.executor.start({ ...request, release: settled.release });
    if (request.id && this.control.run(request.id)) return request.id;
    const id = request.id ?? this.#newId();
    const { release, arms, shadows } = await this.registry.assign(line, id, request);
    const run = await this.executor.start({ ...request, id, release, ...(arms ? { arms } : {}) });
    for (const { rollout, ...shadow } of shadows)
      this.#startBeside({ ...request, ...shadow, id: derivedId("shadow", id, rollout), shadowOf: id });
    return run;
  }

  /** Nobody waits for a shadow, and nothing of the run depends on it. */
  #startBeside(request: StartRequest): void {
    this.executor.start({ ...request, effects: "simulated" }).catch((error) => {
      this.#onTrouble(`a shadow of run ${request.shadowOf} was not started: ${messageOf(error)}`);
    });
  }

  /** Records a judgement of a run, however late. Throws `RunNotFound`. */
  async score(run: string, score: ScoreRecorded): Promise<void> {
    if (!this.control.run(run)) throw new RunNotFound(run);
    await this.registry.score(run, score);
  }

  /** Cancels, resumes or signals a run. The same id again is the same command. */
  async command(run: string, command: Command, id?: string): Promise<void> {
    const key = id ?? randomBytes(16).toString("hex");
    await this.executor.send(run, derivedId("command", run, key), command);
  }

  async decide(review: string, request: DecisionRequest): Promise<Review> {
    const decided = await decide(this.journal, review, request);
    this.executor.wake(decided.request.run);
    return decided;
  }

  /** Applies retention now, and now and then for as long as the engine lives; keeps room for that on a full disk. */
  keepRetention(retention: Retention): void {
    this.#reserve.take();
    this.#every(retainEveryMs, () => applyRetention(this, retention), 0);
  }

  /** Work that is under way when the engine closes does not begin again. */
  #every(periodMs: number, work: () => Promise<unknown>, firstMs = periodMs): void {
    let stop = () => {};
    const arm = (inMs: number) => {
      const again = () => arm(periodMs);
      this.#stops.delete(stop);
      if (this.#isClosed) return;
      stop = this.clock.after(inMs, () => void work().then(again, again));
      this.#stops.add(stop);
    };
    arm(firstMs);
  }

  /** A clean stop: nothing new starts, what is under way may end within the grace period. */
  async close(graceMs = 5_000): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    await this.executor.drain(graceMs);
    await this.#code.close();
    await this.#kindParts.close();
    await this.journal.close();
  }
}

/**
 * A run must be able to go on although the project's model file has been trained anew since: the file
 * that a release pins is kept under its digest.
 */
function keepModelFiles(content: Json, folder: string, models: string): void {
  if (typeof content !== "object" || content === null) return;
  if (Array.isArray(content)) {
    for (const item of content) keepModelFiles(item, folder, models);
    return;
  }
  const { file, fileSha256, ...others } = content as { [key: string]: Json };
  if (typeof file === "string" && typeof fileSha256 === "string" && !existsSync(join(models, fileSha256))) {
    makeFolderDurably(models);
    writeDurably(join(models, fileSha256), readFileSync(resolve(folder, file)));
  }
  for (const member of Object.values(others)) keepModelFiles(member, folder, models);
}
