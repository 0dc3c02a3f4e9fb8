import { join, resolve } from "node:path";
import type { Code } from "./actions/code/index.ts";
import {
  type Clock,
  derivedId,
  FlyballError,
  messageOf,
  type NewId,
  randomBytes,
  systemClock,
  systemRandom,
  timeOrderedIds,
} from "./core/base/index.ts";
import {
  applyRetention,
  Batches,
  type Command,
  controlChanges,
  createReleases,
  type Definition,
  Executor,
  eraseUncaptured,
  type Flow,
  type FlowDefinition,
  FlowProgram,
  forgottenRows,
  type Program,
  type RecordedRun,
  type Release,
  type Releases,
  type Retention,
  type RunLimits,
  RunNotFound,
  type RunStarted,
  recordRun,
  type StartRequest,
  type StoppedRun,
} from "./core/executor/index.ts";
import {
  createJournal,
  fileBlobs,
  type Journal,
  type PendingEvent,
  type SealKey,
  sealKeyIn,
} from "./core/journal/index.ts";
import { Metrics } from "./core/metrics/index.ts";
import {
  AssetNotFound,
  forgottenRegistryRows,
  Registry,
  registryChanges,
  type ScoreRecorded,
  type StoredChange,
  type Taken,
} from "./core/registry/index.ts";
import { Degradation } from "./core/targets/index.ts";
import { type Asset, compileWorkflow, type KindRegistry } from "./core/workflow/index.ts";
import { createKinds, type KindOptions, type KindParts } from "./kinds.ts";
import { Alerts, conditionsOf, deliverEveryMs, lookEveryMs } from "./loop/alerts/index.ts";
import { type ReplayDeps, replayDeps } from "./loop/evals/index.ts";
import { WorkflowFigures } from "./loop/figures/index.ts";
import { Optimizer } from "./loop/optimizer/index.ts";
import { Calls, type Gateway, Ledger, referencesOf } from "./models/gateway/index.ts";
import { createRetrieval } from "./models/retrieval/index.ts";
import { type DecisionRequest, decide, type Review } from "./people/reviews/index.ts";
import {
  assetKinds,
  Intake,
  type Loaded,
  type Opened,
  type ProjectLoader,
  type Settings,
  secretFromEnvironment,
  type WrittenAsset,
} from "./project/index.ts";
import {
  LogWatch,
  type OwnedDatabase,
  openOwned,
  SqliteControlStore,
  SqliteJournalStorage,
} from "./store/sqlite/index.ts";

/**
 * The one place where everything is put together. An engine owns one data folder; workflows of any
 * folder run in it, because a run needs nothing but what its release pins.
 */
export interface EngineOptions extends Omit<KindOptions, "ledger"> {
  /** Whether runs that were under way are taken up (default), or only looked at. */
  readonly recover?: boolean;
  readonly limits?: Partial<RunLimits>;
  /** Told what no caller waits for. */
  readonly onTrouble?: (message: string) => void;
  /** A commit's outcome is unknown, or the folder has a new owner: the process must end. */
  readonly onFatal?: (error: FlyballError) => void;
}

export async function openEngine(options: EngineOptions): Promise<Engine> {
  const engine = new Engine(options);
  if (options.recover !== false) await engine.recover();
  return engine;
}

/** Everything in the control tables is a fold of the journal: what an event changes there. */
export function storedChanges(event: PendingEvent): readonly StoredChange[] {
  const more = registryChanges(event);
  return more.length === 0 ? controlChanges(event) : [...controlChanges(event), ...more];
}

const sealEveryMs = 60_000;
const retainEveryMs = 600_000;
const watchEveryMs = 60_000;
const settleLostEveryMs = 60_000;

/** How long after its end a run's result can be fetched where nothing of it is to be kept. */
const uncapturedGraceMs = 60_000;
const eraseEveryMs = 10_000;

export class Engine {
  readonly home: string;
  readonly journal: Journal;
  readonly metrics: Metrics;
  readonly figures: WorkflowFigures;
  readonly alerts: Alerts;
  readonly control: SqliteControlStore;
  readonly executor: Executor;
  readonly ledger: Ledger;
  readonly batches: Batches;
  /** Models, asked without a workflow. */
  readonly calls: Calls;
  readonly newId: NewId;
  readonly releases: Releases;
  readonly registry: Registry;
  readonly intake: Intake;
  readonly degradation: Degradation;
  readonly optimizer: Optimizer;
  readonly gateway: Gateway;
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  /** Wall-clock milliseconds. */
  readonly openedAt: number;
  readonly sealKey: SealKey;
  readonly #onTrouble: (message: string) => void;
  readonly #flows = new Map<string, Flow>();
  readonly #kindParts: KindParts;
  readonly #code: Code;
  readonly #stops = new Set<() => void>();
  #isClosed = false;
  readonly #owned: OwnedDatabase;
  readonly #logWatch: LogWatch;

  constructor(options: EngineOptions) {
    this.home = resolve(options.home);
    this.clock = options.clock ?? systemClock;
    this.openedAt = this.clock.now();
    this.newId = timeOrderedIds(this.clock);
    this.#onTrouble = options.onTrouble ?? (() => {});
    const owned = openOwned(this.home);
    this.#owned = owned;
    this.sealKey = sealKeyIn(this.home);
    this.control = new SqliteControlStore(owned.database);
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
      onCommitted: (commit) => this.metrics.committed(commit),
    });
    this.metrics = new Metrics(this);
    this.ledger = new Ledger({ ...this, spending: this.control.spending });
    this.#kindParts = createKinds({ ...options, home: this.home, ledger: this.ledger });
    this.kinds = this.#kindParts.kinds;
    this.gateway = this.#kindParts.gateway;
    this.#code = this.#kindParts.code;
    this.releases = createReleases({
      journal: this.journal,
      isPublished: (digest) => this.control.asset(digest) !== undefined,
      define: (definition, assets) => this.#define(definition, assets),
    });
    this.#logWatch = new LogWatch(this.home, this.#onTrouble);
    this.degradation = new Degradation({
      journal: this.journal,
      releases: this.releases,
      kinds: this.kinds,
      clock: this.clock,
      onTrouble: this.#onTrouble,
    });
    this.registry = this.#openRegistry();
    this.figures = new WorkflowFigures({ ...this, scores: (run) => this.registry.store.scores(run) });
    this.intake = new Intake({
      kinds: this.kinds,
      releases: this.releases,
      registry: this.registry,
      code: this.#code,
      modelsFolder: join(this.home, "models"),
      prepareIndex: (asset, baseDir) =>
        createRetrieval({ indexes: this.#kindParts.indexes, baseDir }).prepare(asset),
    });
    this.executor = this.#openExecutor(options.limits);
    this.optimizer = this.#openOptimizer();
    this.batches = new Batches({ ...this, load: (digest) => this.releases.load(digest) });
    this.alerts = this.#openAlerts();
    this.calls = new Calls({
      clock: this.clock,
      modelOf: this.#kindParts.gateway.modelOf,
      publish: (parts) => this.releases.publish(parts),
      record: (run) => this.#record(run),
      switches: this.executor.switchboard,
    });
    this.#every(sealEveryMs, () => this.journal.seal());
    this.#every(settleLostEveryMs, () => this.ledger.settleLost());
    this.#every(eraseEveryMs, () => eraseUncaptured(this, uncapturedGraceMs));
    this.#every(watchEveryMs, async () => this.#logWatch.look());
  }

  /** What somebody should see to although everything goes on. */
  get warnings(): readonly string[] {
    return this.#logWatch.warnings;
  }

  /** Whether what it decides can be written: the journal is open, and the folder is this process's. */
  get isOwner(): boolean {
    return this.journal.isOpen() && this.#owned.isOurs();
  }

  #openRegistry(): Registry {
    const { journal, releases, clock, newId } = this;
    const kinds = assetKinds({
      kindsWith: (assets) => this.#kindsWith(assets),
      isFlowLoaded: (name, version) => this.#flows.has(`${name}@${version}`) || this.#code.has(name, version),
    });
    const store = this.control.registry;
    return new Registry({
      journal,
      releases,
      clock,
      newId,
      kinds,
      store,
      onTrouble: this.#onTrouble,
      onRolloutEnded: (id) => this.optimizer.rolloutEnded(id),
    });
  }

  #openExecutor(limits: EngineOptions["limits"]): Executor {
    const { journal, control, releases, clock, newId } = this;
    return new Executor({
      journal,
      control,
      releases,
      clock,
      newId,
      random: systemRandom,
      ...(limits ? { limits } : {}),
      flowProgram: (definition, run) => this.#flowProgram(definition, run.id, run.started),
      onStopped: (run) => this.#stopped(run),
      onTrouble: this.#onTrouble,
    });
  }

  #openOptimizer(): Optimizer {
    return new Optimizer({
      ...this,
      replay: this.replayDeps,
      draft: (written, beside) => this.intake.draft(written, this.home, beside),
      keepModel: (bytes) => this.intake.keepModel(bytes),
      add: (written, message) => this.add(written, message),
      assets: () => this.intake.assets(this.home),
      onTrouble: this.#onTrouble,
    });
  }

  #openAlerts(): Alerts {
    return new Alerts({
      ...this,
      secrets: secretFromEnvironment,
      conditions: () => conditionsOf(this),
      onTrouble: this.#onTrouble,
    });
  }

  /** What walks through a release in memory. */
  get replayDeps(): ReplayDeps {
    return replayDeps(this, ({ kind, content }) => referencesOf(kind, content));
  }

  /** The project's own kinds are those that were pinned, whatever their files say now. */
  #kindsWith(assets: readonly Asset[]): KindRegistry {
    const own = assets.filter((asset) => asset.kind === "kind");
    return new Map([...this.kinds, ...own.map((asset) => [asset.name, this.#code.kind(asset)] as const)]);
  }

  #define({ content, kind }: Asset, assets: readonly Asset[]): Definition {
    const kinds = this.#kindsWith(assets);
    if (kind === "flow") return { type: "flow", ...(content as { name: string; version: string }), kinds };
    return { type: "document", workflow: compileWorkflow(content as never, kinds) };
  }

  /** Code that was registered runs here; code of a module runs in a process of its own. */
  #flowProgram({ name, version, kinds }: FlowDefinition, id: string, started: RunStarted): Program {
    const { workflow, input, tags = {} } = started;
    const code = this.#flows.get(`${name}@${version}`);
    if (code) return new FlowProgram(code, kinds, { id, input, tags });
    return this.#code.program({ name, version, kinds }, { id, workflow, input, tags });
  }

  /** The settings and assets of one folder; its workflows are loaded by `open`. */
  project(folder: string): ProjectLoader {
    return this.intake.project(folder);
  }

  /** Takes up what was under way, and acts on what rollouts had come to. */
  async recover({ afterCrash = false } = {}): Promise<void> {
    this.registry.rollouts.recover();
    await this.optimizer.recover();
    if (afterCrash) await this.executor.recoverFromCrash();
    else this.executor.recover();
  }

  /** Loads and publishes a workflow file, and offers its versions; it runs in its own, whatever is production. */
  open(file: string): Promise<Opened> {
    return this.intake.open(file);
  }

  load(file: string): Promise<Loaded> {
    return this.intake.load(file);
  }

  /** From now on files are served: versions that are new to them become production. */
  serve(loaded: readonly Loaded[]): Promise<Taken> {
    return this.intake.serve(loaded);
  }

  /** Adds a version of an asset as it is written. Throws `WorkflowInvalid`. */
  add(written: WrittenAsset, message?: string, precondition?: () => void): Promise<void> {
    return this.intake.add(written, { message, precondition }, this.home);
  }

  /** The digest that a version would have. Throws `WorkflowInvalid`; nothing is added. */
  check(written: WrittenAsset): string {
    return this.intake.check(written, this.home);
  }

  /**
   * Registers a flow's code, so that its runs can start and go on. It runs in this process: what it blocks
   * or ends is this process. `open` runs a module in a process of its own.
   */
  async register(code: Flow, loader: ProjectLoader): Promise<Release> {
    this.#flows.set(`${code.name}@${code.version}`, code);
    const { release, offers } = await this.intake.publishFlow(code, loader);
    await this.intake.take(offers);
    return release;
  }

  /**
   * Starts a run of a workflow in what its name stands for now: the production version of it and of all that
   * it names, or the arm of a rollout; while it is degraded, with other routes. Throws `AssetNotFound` when
   * there is none. A batch is pinned to what it began with, and a child to its parent's release.
   */
  async start(workflow: string, request: Omit<StartRequest, "release">): Promise<string> {
    const line = this.registry.runnable(workflow);
    if (line === undefined) throw new AssetNotFound(`workflow/${workflow}`);
    const id = request.id ?? this.newId();
    if (request.id && this.control.run(id)) return id;
    const assignment = this.registry.settled(line) ?? (await this.registry.assign(line, id, request));
    const { arms, shadows } = assignment;
    const release = await this.degradation.releaseFor(assignment.release, id);
    const run = await this.executor.start({ ...request, id, release, ...(arms ? { arms } : {}) });
    for (const { rollout, ...shadow } of shadows)
      this.#startBeside({ ...request, ...shadow, id: derivedId("shadow", id, rollout), shadowOf: id });
    return run;
  }

  async #record(run: RecordedRun): Promise<void> {
    await recordRun(this.journal, run);
    if (run.arms) this.registry.rollouts.stopped(run.id);
  }

  #stopped(run: StoppedRun): void {
    this.degradation.stopped(run);
    this.registry.rollouts.stopped(run.id);
    this.optimizer.stopped(run);
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

  /** From now on the budgets of a project hold, and no others. */
  async keepBudgets(loader: ProjectLoader): Promise<void> {
    const budgets = loader.budgets();
    for (const { to } of budgets)
      for (const asset of to ? [to.asset, ...to.uses] : []) this.intake.keepModels(asset, loader.folder);
    await this.ledger.declare(budgets);
    await this.ledger.settleLost();
  }

  /** From now on people are told, for as long as the engine lives. */
  keepAlerts({ alerts, allow }: Pick<Settings, "alerts" | "allow">): void {
    this.alerts.keep(alerts, allow.http);
    this.#every(lookEveryMs, () => this.alerts.look(), 0);
    this.#every(deliverEveryMs, () => this.alerts.deliver(), 0);
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
    this.#owned.reserve.take();
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

  /** Nobody can fetch anything more from here, so what is not to be kept goes at once. */
  async #eraseAtEnd(): Promise<void> {
    try {
      await eraseUncaptured(this, 0);
    } catch (error) {
      // On a full disk, or after a commit whose outcome is unknown, it is left to the next owner.
      if (!(error instanceof FlyballError)) throw error;
    }
  }

  /** A clean stop: nothing new starts, what is under way may end within the grace period. */
  async close(graceMs = 5_000): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    this.alerts.close();
    await this.optimizer.close();
    await this.executor.drain(graceMs);
    await this.#kindParts.close();
    await this.#eraseAtEnd();
    await this.journal.close();
  }
}
