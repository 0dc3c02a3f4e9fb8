import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assert, type Json, sha256 } from "../core/base/index.ts";
import { assetOf, type Flow, type Release, type Releases } from "../core/executor/index.ts";
import { makeFolderDurably, writeDurably } from "../core/journal/index.ts";
import {
  type Offer,
  type OfferOptions,
  type Registry,
  rulesLine,
  type Taken,
} from "../core/registry/index.ts";
import {
  type Asset,
  type AssetSource,
  type KindRegistry,
  problemText,
  type StepKind,
} from "../core/workflow/index.ts";
import type { WrittenAsset } from "./asset-text.ts";
import {
  isModule,
  type LoadedFile,
  olderVersionsOf,
  ProjectLoader,
  projectFolderOf,
  readText,
} from "./loader.ts";
import type { KindCode } from "./own-kinds.ts";

/** A workflow that can be started, and what its writer should know. */
export interface Opened {
  readonly release: Release;
  readonly warnings: readonly string[];
}

/** A workflow file, published, and what the registry may take of it. */
export interface Loaded extends Opened {
  readonly offers: readonly Offer[];
  /** The rules of labels in the settings beside it. */
  readonly rules: Offer;
}

/** What is said of files that are pushed; a draft moves no label. */
export type PushOptions = Pick<OfferOptions, "message" | "isDraft">;

/** What is said of one asset that is added. */
export type AddOptions = Pick<OfferOptions, "message" | "precondition">;

/** Users' code: kinds of step, and modules whose default export is a flow. */
export interface ProjectCode extends KindCode {
  load(
    file: string,
    options: { readonly environment: readonly string[]; readonly ownKinds: readonly StepKind[] },
  ): Promise<Pick<Flow, "name" | "version" | "uses"> & { readonly source: string }>;
}

export interface IntakeOptions {
  readonly kinds: KindRegistry;
  readonly releases: Releases;
  readonly registry: Registry;
  readonly code: ProjectCode;
  /** Where the model files are kept that releases pin. */
  readonly modelsFolder: string;
  prepareIndex(asset: Asset, folder: string): void;
}

/** Assets that calls have named, kept for the next one. */
const assetsFoundMax = 1_000;

/** The way of a project's files into the data folder: loaded, published, kept, and offered to the registry. */
export class Intake {
  readonly #options: IntakeOptions;
  /** The folder whose settings a route or a model is read with that comes without a file. */
  #project: ProjectLoader | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** The settings and assets of a folder, without the kinds of step that it brings along. */
  project(folder: string): ProjectLoader {
    return new ProjectLoader(folder, this.#options.kinds);
  }

  /**
   * Loads and publishes a workflow file, or a module whose default export is a flow; with it come the older
   * versions beside it, so that their runs can go on.
   */
  async load(file: string): Promise<Loaded> {
    const { kinds, code } = this.#options;
    const loader = await ProjectLoader.open(projectFolderOf(file), kinds, code);
    this.#project = loader;
    if (isModule(file)) return this.#loadModule(loader, file);
    const { loaded, ...pinned } = loader.load(file);
    const release = await this.#publish(loader, pinned);
    const { offers } = pinned;
    return { release, warnings: loaded.warnings.map(problemText), offers, rules: loader.labelRules() };
  }

  async #loadModule(loader: ProjectLoader, file: string): Promise<Loaded> {
    const path = resolve(file);
    readText(path);
    const { ownKinds, settings } = loader;
    const { environment } = settings.allow;
    const { code } = this.#options;
    await Promise.all(olderVersionsOf(path).map((other) => code.load(other, { environment, ownKinds })));
    const facts = await code.load(path, { environment, ownKinds });
    return this.publishFlow(facts, loader, { source: facts.source });
  }

  /** Its versions are in the registry from then on; it runs in its own, whatever is production. */
  async open(file: string): Promise<Opened> {
    const { release, warnings, offers } = await this.load(file);
    await this.take(offers);
    return { release, warnings };
  }

  /** The versions of what was run. */
  take(offers: readonly Offer[]): Promise<Taken> {
    return this.#options.registry.take(offers, { source: "run", by: "local" });
  }

  /** Takes the versions of files that are served: those that are new to the files become production. */
  serve(loaded: readonly Pick<Loaded, "offers" | "rules">[], options: PushOptions = {}): Promise<Taken> {
    const rules = loaded.map((each) => each.rules).filter((each) => this.#isRuled(each));
    const offers = [...rules, ...loaded.flatMap((each) => each.offers)];
    return this.#options.registry.take(offers, { source: "files", by: "local", ...options });
  }

  /** Settings without rules say so only where there have been some. */
  #isRuled({ asset }: Offer): boolean {
    const { store } = this.#options.registry;
    return Object.keys(asset.content ?? {}).length > 0 || store.line(rulesLine) !== undefined;
  }

  /** Adds a version of an asset as it is written in a file, or in the settings. Throws `WorkflowInvalid`. */
  async add(written: WrittenAsset, options: AddOptions, home: string): Promise<void> {
    const { registry } = this.#options;
    const loader = this.#project ?? this.project(home);
    const offers = loader.assetOf(written, registry);
    this.#keep(loader, offers);
    await registry.take(offers, { source: "api", by: "local", ...options });
  }

  /** The digest that a version would have. Throws what `add` would have against its text; nothing is added. */
  check(written: WrittenAsset, home: string): string {
    const [asset] = this.draft(written, home);
    assert(asset, "a text makes the asset that it is of");
    return asset.digest;
  }

  /**
   * The assets that a text would make, the one that it is of first; `beside` are others that would be there by then.
   * Throws `WorkflowInvalid`.
   */
  draft(written: WrittenAsset, home: string, beside: readonly WrittenAsset[] = []): readonly Asset[] {
    const { registry } = this.#options;
    const loader = this.#readAnew(home);
    const others = beside.flatMap((other) => loader.assetOf(other, registry).map(({ asset }) => asset));
    const isMeant = (kind: string, name: string) => (each: Asset) => each.kind === kind && each.name === name;
    const known: AssetSource = {
      find: (kind, name) => others.find(isMeant(kind, name)) ?? registry.find(kind, name),
      names: (kind) => registry.names(kind),
    };
    return [...loader.assetOf(written, known).map(({ asset }) => asset), ...others];
  }

  /** Keeps the file of a model under its digest, as releases pin it. */
  keepModel(bytes: Buffer): void {
    keepFile(this.#options.modelsFolder, sha256(bytes), () => bytes);
  }

  /** What the settings and files of the served project name. */
  assets(home: string): AssetSource {
    return this.assetsFor(this.#readAnew(home));
  }

  /** The served project as its files are now; without one, the data folder. */
  #readAnew(home: string): ProjectLoader {
    return this.project(this.#project?.folder ?? home);
  }

  /** Takes every asset of a folder as its files have it now, workflow files with what they name. */
  async push(files: readonly string[], folder: string, options: PushOptions): Promise<Taken> {
    const loaded: Loaded[] = [];
    for (const file of files) loaded.push(await this.load(file));
    const loader = this.project(folder);
    const offers = loader.everything();
    this.#keep(loader, offers);
    return this.serve([{ offers, rules: loader.labelRules() }, ...loaded], options);
  }

  /** Pins a loaded file: its assets, its children first, and what must be kept of the project's files. */
  async #publish(
    loader: ProjectLoader,
    { children, parts, offers }: Pick<LoadedFile, "parts" | "children" | "offers">,
  ): Promise<Release> {
    const { releases } = this.#options;
    this.#keep(loader, offers);
    for (const child of children) await releases.publish(child);
    return releases.publish(parts);
  }

  /** The source's digest tells versions apart that somebody forgot to number. */
  async publishFlow(
    { name, version, uses }: Pick<Flow, "name" | "version" | "uses">,
    loader: ProjectLoader,
    pinned: { readonly source?: string } = {},
  ): Promise<Loaded> {
    const used = uses.length === 0 ? {} : { uses: [...uses] };
    const definition = assetOf("flow", name, { name, version, ...used, ...pinned });
    const assets = [...loader.flowAssets({ name, uses }), loader.policy()];
    const parts = { workflow: name, version, definition, assets };
    const children = loader.takeChildren();
    const offers = loader.offersOf([...children, parts]);
    const release = await this.#publish(loader, { parts, children, offers });
    return { release, warnings: [], offers, rules: loader.labelRules() };
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
        this.keepModels(asset, loader.folder);
        if (found.size >= assetsFoundMax) found.clear();
        found.set(`${kind}/${name}`, asset);
        return asset;
      },
      references: (asset) => loader.assets.references?.(asset) ?? [],
    };
  }

  /** What must be kept of a project's files beside the contents of the assets. */
  #keep(loader: ProjectLoader, offers: readonly Offer[]): void {
    for (const { asset } of offers) {
      if (asset.kind === "index") this.#options.prepareIndex(asset, loader.folder);
      this.keepModels(asset, loader.folder);
    }
  }

  /**
   * A run must be able to go on although the project's model file has been trained anew since: the file
   * that a release pins is kept under its digest.
   */
  keepModels({ content }: Asset, folder: string): void {
    keepModelFiles(content, folder, this.#options.modelsFolder);
  }
}

function keepModelFiles(content: Json, folder: string, models: string): void {
  if (typeof content !== "object" || content === null) return;
  if (Array.isArray(content)) {
    for (const item of content) keepModelFiles(item, folder, models);
    return;
  }
  const { file, fileSha256, ...others } = content as { [key: string]: Json };
  if (typeof file === "string" && typeof fileSha256 === "string")
    keepFile(models, fileSha256, () => readFileSync(resolve(folder, file)));
  for (const member of Object.values(others)) keepModelFiles(member, folder, models);
}

function keepFile(folder: string, digest: string, read: () => Buffer): void {
  const file = join(folder, digest);
  if (existsSync(file)) return;
  makeFolderDurably(folder);
  writeDurably(file, read());
}
