import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Code, createCode, type HostLimits } from "./actions/code/index.ts";
import { createTools } from "./actions/tools/index.ts";
import {
  type Clock,
  derivedId,
  FlyballError,
  type Json,
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
  eraseUncaptured,
  type Flow,
  type FlowDefinition,
  FlowProgram,
  forgottenRows,
  type Program,
  type Release,
  type Releases,
  type Retention,
  type RunLimits,
  type RunStarted,
  recordRun,
  type StartRequest,
} from "./core/executor/index.ts";
import {
  createJournal,
  fileBlobs,
  type Journal,
  makeFolderDurably,
  newSealKey,
  type SealKey,
  sealKeyOf,
  writeDurably,
} from "./core/journal/index.ts";
import { Degradation } from "./core/targets/index.ts";
import {
  type Asset,
  type AssetSource,
  compileWorkflow,
  type KindRegistry,
  kindRegistry,
  problemText,
} from "./core/workflow/index.ts";
import { Calls, createGateway, type Gateway, Ledger } from "./models/gateway/index.ts";
import { extract, lexicalVector, loadClassifier } from "./models/learning/index.ts";
import { createRetrieval, type SearchIndexes } from "./models/retrieval/index.ts";
import { type DecisionRequest, decide, humanReviewKind, type Review } from "./people/reviews/index.ts";
import {
  isModule,
  type LoadedFile,
  olderVersionsOf,
  ProjectLoader,
  projectFolderOf,
  readText,
  secretFromEnvironment,
} from "./project/index.ts";
import {
  LogWatch,
  openOwned,
  type Reserve,
  SqliteControlStore,
  SqliteJournalStorage,
  sqliteAnswers,
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
  if (options.recover !== false) engine.executor.recover();
  return engine;
}

/** A workflow that can be started, and what its writer should know. */
export interface Opened {
  readonly release: Release;
  readonly warnings: readonly string[];
}

const sealEveryMs = 60_000;
const retainEveryMs = 600_000;
const watchEveryMs = 60_000;
const settleLostEveryMs = 60_000;
/** Names that calls have used, held for one folder: `provider/anything` is a name. */
const assetsFoundMax = 1_000;

/** How long after its end a run's result can be fetched where nothing of it is to be kept. */
const uncapturedGraceMs = 60_000;
const eraseEveryMs = 10_000;

export interface KindParts {
  readonly kinds: KindRegistry;
  readonly code: Code;
  readonly gateway: Gateway;
  readonly indexes: SearchIndexes;
  close(): Promise<void>;
}

type KindOptions = Pick<EngineOptions, "home" | "clock" | "codeLimits" | "onOutput"> & {
  /** Without it, calls are under no budget and cost nothing that anybody counts: nothing is run. */
  readonly ledger?: Ledger;
};

/** Every kind of step that there is, and what runs users' code. Touches no disk until a step needs it. */
export function createKinds(options: KindOptions): KindParts {
  const { home, clock = systemClock, ledger } = options;
  const secrets = secretFromEnvironment;
  const indexes = sqliteSearchIndexes(join(home, "indexes"));
  const answers = sqliteAnswers(join(home, "answers.db"));
  const gateway = createGateway({
    clock,
    secrets,
    baseDir: join(home, "models"),
    local: { loadClassifier, extract, lexicalVector },
    answers,
    ...(ledger ? { ledger } : {}),
  });
  const retrieval = createRetrieval({ indexes, baseDir: home });
  const tools = createTools({
    clock,
    secrets,
    allowHttp: (context) => allowedHosts(context.asset("policy", "http")),
  });
  const kinds = kindRegistry([
    gateway.inferenceKind,
    retrieval.retrievalKind,
    humanReviewKind,
    ...tools.kinds,
    ...coreKinds,
  ]);
  const code = createCode({
    clock,
    kinds,
    ...(options.codeLimits ? { limits: options.codeLimits } : {}),
    placesFolder: join(home, "kinds"),
    onOutput: options.onOutput ?? ((text) => process.stderr.write(text)),
  });
  return {
    kinds,
    code,
    gateway,
    indexes,
    async close() {
      await code.close();
      await tools.close();
      indexes.close();
      answers.close();
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
  readonly ledger: Ledger;
  readonly batches: Batches;
  /** Models, asked without a workflow. */
  readonly calls: Calls;
  readonly newId: NewId;
  readonly releases: Releases;
  readonly degradation: Degradation;
  readonly gateway: Gateway;
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  readonly sealKey: SealKey;
  readonly #flows = new Map<string, Flow>();
  readonly #kindParts: KindParts;
  readonly #code: Code;
  readonly #stops = new Set<() => void>();
  #isClosed = false;
  readonly #reserve: Reserve;
  readonly #logWatch: LogWatch;

  constructor(options: EngineOptions) {
    this.home = resolve(options.home);
    this.clock = options.clock ?? systemClock;
    this.newId = timeOrderedIds(this.clock);
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
      derive: controlChanges,
      forget: forgottenRows,
      ...(options.onFatal ? { onFatal: options.onFatal } : {}),
    });
    const { spending } = this.control;
    this.ledger = new Ledger({ journal: this.journal, spending, clock: this.clock, newId: this.newId });
    this.#kindParts = createKinds({ ...options, home: this.home, ledger: this.ledger });
    this.kinds = this.#kindParts.kinds;
    this.gateway = this.#kindParts.gateway;
    this.#code = this.#kindParts.code;
    this.releases = createReleases({
      journal: this.journal,
      isPublished: (digest) => this.control.asset(digest) !== undefined,
      define: (definition, assets) => this.#define(definition, assets),
    });
    const onTrouble = options.onTrouble ?? (() => {});
    this.#logWatch = new LogWatch(this.home, onTrouble);
    this.degradation = new Degradation({
      journal: this.journal,
      releases: this.releases,
      kinds: this.kinds,
      clock: this.clock,
      onTrouble,
    });
    this.executor = new Executor({
      journal: this.journal,
      control: this.control,
      releases: this.releases,
      clock: this.clock,
      random: systemRandom,
      newId: this.newId,
      ...(options.limits ? { limits: options.limits } : {}),
      flowProgram: (definition, run) => this.#flowProgram(definition, run.id, run.started),
      onStopped: (run) => this.degradation.stopped(run),
      onTrouble,
    });
    this.batches = new Batches({
      journal: this.journal,
      control: this.control,
      executor: this.executor,
      clock: this.clock,
      load: (digest) => this.releases.load(digest),
    });
    this.calls = new Calls({
      clock: this.clock,
      modelOf: this.#kindParts.gateway.modelOf,
      publish: (parts) => this.releases.publish(parts),
      record: (run) => recordRun(this.journal, run),
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

  /** The project's own kinds are those that were pinned, whatever their files say now. */
  #define({ content, kind }: Asset, assets: readonly Asset[]): Definition {
    const own = assets.filter((asset) => asset.kind === "kind");
    const kinds = new Map([
      ...this.kinds,
      ...own.map((asset) => [asset.name, this.#code.kind(asset)] as const),
    ]);
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
    return new ProjectLoader(folder, this.kinds);
  }

  /**
   * Loads and pins a workflow file, or a module whose default export is a flow; with it come the older
   * versions beside it, so that their runs can go on.
   */
  async open(file: string): Promise<Opened> {
    const loader = await ProjectLoader.open(projectFolderOf(file), this.kinds, this.#code);
    if (isModule(file)) return { release: await this.#openModule(loader, file), warnings: [] };
    const loaded = loader.load(file);
    const warnings = loaded.loaded.warnings.map(problemText);
    return { release: await this.publish(loader, loaded), warnings };
  }

  async #openModule(loader: ProjectLoader, file: string): Promise<Release> {
    const path = resolve(file);
    readText(path);
    const { environment } = loader.settings.allow;
    const ownKinds = loader.ownKinds;
    const older = olderVersionsOf(path).map((other) => this.#code.load(other, { environment, ownKinds }));
    await Promise.all(older);
    const facts = await this.#code.load(path, { environment, ownKinds });
    return this.#publishFlow(facts, loader, { source: facts.source });
  }

  /**
   * What calls may name of a folder, each found once; what its models need of the folder is kept. Made
   * anew when the folder's files have changed.
   */
  assetsFor(loader: ProjectLoader): AssetSource {
    const found = new Map<string, Asset>();
    const names = new Map<string, readonly string[]>();
    return {
      names(kind) {
        const known = names.get(kind) ?? loader.assets.names(kind);
        names.set(kind, known);
        return known;
      },
      find: (kind, name) => {
        const known = found.get(`${kind}/${name}`);
        if (known) return known;
        const asset = loader.assets.find(kind, name);
        if (!asset) return undefined;
        keepModelFiles(asset.content, loader.folder, join(this.home, "models"));
        if (found.size >= assetsFoundMax) found.clear();
        found.set(`${kind}/${name}`, asset);
        return asset;
      },
      references: (asset) => loader.assets.references?.(asset) ?? [],
    };
  }

  /** Pins a loaded file: its assets, its children first, and what must be kept of the project's files. */
  async publish(loader: ProjectLoader, file: LoadedFile): Promise<Release> {
    const { prepare } = createRetrieval({ indexes: this.#kindParts.indexes, baseDir: loader.folder });
    for (const parts of [...file.children, file.parts])
      for (const asset of parts.assets) {
        if (asset.kind === "index") prepare(asset);
        keepModelFiles(asset.content, loader.folder, join(this.home, "models"));
      }
    for (const child of file.children) await this.releases.publish(child);
    return this.releases.publish(file.parts);
  }

  /**
   * Registers a flow's code, so that its runs can start and go on. It runs in this process: what it blocks
   * or ends is this process. `open` runs a module in a process of its own.
   */
  async register(code: Flow, loader: ProjectLoader): Promise<Release> {
    this.#flows.set(`${code.name}@${code.version}`, code);
    return this.#publishFlow(code, loader);
  }

  /** The source's digest tells versions apart that somebody forgot to number. */
  #publishFlow(
    { name, version, uses }: Pick<Flow, "name" | "version" | "uses">,
    loader: ProjectLoader,
    pinned: { readonly source?: string } = {},
  ): Promise<Release> {
    const definition = assetOf("flow", name, { name, version, ...pinned });
    const assets = [...loader.flowAssets({ name, uses }), loader.policy()];
    const parts = { workflow: name, version, definition, assets };
    return this.publish(loader, { file: "", parts, children: loader.takeChildren() });
  }

  /**
   * Starts a run in the release that its workflow gets now: while it is degraded, the one with other routes.
   * A batch is pinned to what it began with, and a child to its parent's release.
   */
  async start(request: StartRequest): Promise<string> {
    const id = request.id ?? this.newId();
    const release = await this.degradation.releaseFor(request.release, id);
    return this.executor.start({ ...request, id, release });
  }

  /** From now on the budgets of a project hold, and no others. */
  async keepBudgets(loader: ProjectLoader): Promise<void> {
    const budgets = loader.budgets();
    for (const { to } of budgets)
      for (const { content } of to ? [to.asset, ...to.uses] : [])
        keepModelFiles(content, loader.folder, join(this.home, "models"));
    await this.ledger.declare(budgets);
    await this.ledger.settleLost();
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
    await this.executor.drain(graceMs);
    await this.#kindParts.close();
    await this.#eraseAtEnd();
    await this.journal.close();
  }
}

/** The key that signs this folder's seals; made once, readable by its owner alone. */
function sealKeyIn(home: string): SealKey {
  const file = join(home, "keys", "seal.pem");
  if (existsSync(file)) return sealKeyOf(readFileSync(file, "utf8"));
  makeFolderDurably(join(home, "keys"));
  const key = newSealKey();
  writeDurably(
    join(home, "keys", "seal.pub.pem"),
    Buffer.from(key.publicKey.export({ type: "spki", format: "pem" })),
    0o644,
  );
  // Last: whoever finds it takes the other one to be there.
  writeDurably(file, Buffer.from(key.privateKey.export({ type: "pkcs8", format: "pem" })));
  return key;
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
