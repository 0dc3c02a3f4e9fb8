import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, parse, relative, resolve } from "node:path";
import { FlyballError, messageOf, toJson } from "../core/base/index.ts";
import { assetOf, type Flow, type ReleaseParts, releaseDigest } from "../core/executor/index.ts";
import { lineId, type Offer } from "../core/registry/index.ts";
import {
  type Asset,
  type AssetSource,
  type KindRegistry,
  type LoadedWorkflow,
  loadWorkflow,
  type StepKind,
  WorkflowInvalid,
  withReferences,
} from "../core/workflow/index.ts";
import { type Budget, budgetFrom, gatewaySource } from "../models/gateway/index.ts";
import { retrievalSource } from "../models/retrieval/index.ts";
import {
  AssetUnwritable,
  loadAsset,
  placeOf,
  sectionOf,
  settingText,
  type Written,
  type WrittenAsset,
} from "./asset-text.ts";
import { flatForm } from "./flat-form.ts";
import { type KindCode, noneBeside, type ProjectKinds, projectKinds } from "./own-kinds.ts";
import { assetNames, placesOf } from "./places.ts";
import { readSettings, type Settings, withEntry } from "./settings.ts";

/** A workflow file, loaded, and what its release pins; the releases of its children come first. */
export interface LoadedFile {
  readonly file: string;
  readonly parts: ReleaseParts;
  readonly children: readonly ReleaseParts[];
  /** Every asset of it, with the text that it was made from. */
  readonly offers: readonly Offer[];
}

export class FileUnreadable extends FlyballError {
  readonly code = "FILE_UNREADABLE";
  override readonly status = 404;
  constructor(file: string, reason: string) {
    super(`${file} cannot be read: ${reason}.`);
  }
}

export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = typeof error === "object" && error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") throw new FileUnreadable(file, "there is no such file");
    if (code === "EISDIR") throw new FileUnreadable(file, "it is a folder");
    throw new FileUnreadable(file, messageOf(error));
  }
}

/** Loads workflow files of one folder, with everything that they name, and pins what they name. */
export class ProjectLoader {
  readonly folder: string;
  readonly settings: Settings;
  /** The kinds of step that the folder brings along. */
  readonly ownKinds: readonly StepKind[];
  readonly #kinds: KindRegistry;
  readonly #sources: readonly AssetSource[];
  readonly #loading: string[] = [];
  readonly #children: ReleaseParts[] = [];
  /** What was read, by the lines of the assets that it became. */
  readonly #written = new Map<string, Written>();

  /** Knows no kinds of the folder's own: enough for its settings and assets. `open` has them too. */
  constructor(
    folder: string,
    kinds: KindRegistry,
    {
      own = noneBeside(kinds),
      settings,
      isElsewhere,
    }: { own?: ProjectKinds; settings?: Settings; isElsewhere?: (model: string) => boolean } = {},
  ) {
    this.folder = resolve(folder);
    this.settings = settings ?? readSettings(this.folder);
    const holding = this.settings;
    this.#kinds = own.kinds;
    this.ownKinds = own.own;
    this.#sources = [
      own.source,
      gatewaySource({
        settings: holding,
        baseDir: this.folder,
        isElsewhere,
        ...(holding.source
          ? { locate: (path, message) => (holding.source ?? missing).problem(path, message) }
          : {}),
      }),
      retrievalSource({ settings: holding.indexes, baseDir: this.folder }),
      {
        find: (kind, name) => this.#fileAsset(kind, name),
        names: (kind) => assetNames(this.folder, kind),
      },
    ];
  }

  /** With the folder's own kinds of step beside those that there are: to load workflows. */
  static async open(project: string, kinds: KindRegistry, code: KindCode): Promise<ProjectLoader> {
    const { folder, settings } = new ProjectLoader(project, kinds);
    const { environment } = settings.allow;
    const own = await projectKinds({ folder, environment, kinds, code });
    return new ProjectLoader(folder, kinds, { own, settings });
  }

  load(file: string): LoadedFile & { readonly loaded: LoadedWorkflow } {
    const path = resolve(file);
    const text = readText(path);
    const loaded = loadWorkflow({
      text,
      file: relative(process.cwd(), path).startsWith("..") ? path : relative(process.cwd(), path),
      kinds: this.#kinds,
      assets: this.assets,
      flat: flatForm,
    });
    const { workflow, document, references } = loaded;
    const definition = assetOf("workflow", workflow.name, document as never);
    const assets = [...references, this.policy()];
    const parts = { workflow: workflow.name, version: workflow.version, definition, assets };
    this.#written.set(lineId("workflow", workflow.name), { file: relative(this.folder, path), text });
    const children = this.takeChildren();
    return { file: path, loaded, parts, children, offers: this.offersOf([...children, parts]) };
  }

  /** What a release is made of, as the registry takes it. A child is there by its own definition, not as its parent pins it. */
  offersOf(releases: readonly ReleaseParts[]): readonly Offer[] {
    const assets = releases.flatMap(({ definition, assets }) => [
      definition,
      ...assets.filter(({ kind }) => kind !== "workflow"),
    ]);
    const offers = assets.map((asset) => [lineId(asset.kind, asset.name), this.#offer(asset)] as const);
    return [...new Map(offers).values()];
  }

  #offer(asset: Asset): Offer {
    const { kind, name } = asset;
    return { asset, ...(this.#written.get(lineId(kind, name)) ?? settingText(this.settings, kind, name)) };
  }

  /** What the folder has beside workflows, by the places where names are looked for and by its settings. */
  everything(): readonly Offer[] {
    const inFolders = ["prompt", "tool", "ruleset"].flatMap((kind) =>
      assetNames(this.folder, kind).map((name) => [kind, name] as const),
    );
    const { routes, models, indexes } = this.settings;
    const inSettings = Object.entries({ route: routes, model: models, index: indexes }).flatMap(
      ([kind, entries]) => Object.keys(entries).map((name) => [kind, name] as const),
    );
    const found = [...inFolders, ...inSettings].flatMap(([kind, name]) => this.assets.find(kind, name) ?? []);
    return [...found, this.policy()].map((asset) => this.#offer(asset));
  }

  /**
   * An asset from its text alone, with what a workflow names that is `known` nowhere else than in this folder.
   * Throws `WorkflowInvalid`, and `AssetUnwritable` for a kind that is more than its text.
   */
  assetOf(written: WrittenAsset, known: AssetSource): readonly Offer[] {
    const { kind, name, text, file = placeOf(kind, name) } = written;
    const section = sectionOf[kind];
    if (section !== undefined) {
      const isElsewhere = (model: string) => known.find("model", model) !== undefined;
      const settings = withEntry(this.settings, { section, name, text }, isElsewhere);
      const loader = new ProjectLoader(this.folder, this.#kinds, { settings, isElsewhere });
      const asset = loader.asset(kind, name);
      const all = asset ? withReferences([asset], loader.assets) : [];
      const others = all.filter((each) => each !== asset && !known.find(each.kind, each.name));
      return [...(asset ? [{ asset, text, file }] : []), ...others.map((each) => loader.#offer(each))];
    }
    if (kind === "workflow") return this.#workflowOf({ name, text, file }, known);
    const tool = (other: string) => this.asset("tool", other);
    const asset = loadAsset(kind, { file, text, name, tool });
    if (!asset) throw new AssetUnwritable(kind);
    return [{ asset, text, file }];
  }

  #workflowOf(
    { name, text, file }: { name: string; text: string; file: string },
    known: AssetSource,
  ): readonly Offer[] {
    const own: Asset[] = [this.policy()].filter((policy) => !known.find(policy.kind, policy.name));
    const find = (kind: string, wanted: string) => {
      const there = known.find(kind, wanted);
      if (there) return there;
      const asset = kind === "workflow" ? undefined : this.assets.find(kind, wanted);
      if (asset) own.push(asset);
      return asset;
    };
    const names = (kind: string) => [...known.names(kind), ...this.assets.names(kind)];
    const kinds = this.#kinds;
    const { workflow, document } = loadWorkflow({
      text,
      file,
      kinds,
      assets: { find, names },
      flat: flatForm,
    });
    if (workflow.name !== name)
      throw new WorkflowInvalid([
        { file, line: 1, column: 1, message: `the workflow is called ${workflow.name}, not ${name}` },
      ]);
    const asset = assetOf("workflow", name, document as never);
    return [{ asset, text, file }, ...own.map((each) => this.#offer(each))];
  }

  /** The rules of labels, as an asset like any other: they too have versions and a history. */
  labelRules(): Offer {
    return { asset: assetOf("policy", "labels", toJson(this.settings.labels, "labels")) };
  }

  /** Where outgoing calls of this folder's workflows may go: pinned, like everything that a run depends on. */
  policy(): Asset {
    return assetOf("policy", "http", { allow: [...this.settings.allow.http] });
  }

  /** The budgets of the settings, with the models that they downgrade to. */
  budgets(): readonly Budget[] {
    const find = (name: string) => {
      const asset = this.assets.find("route", name) ?? this.assets.find("model", name);
      return asset && { asset, uses: withReferences([asset], this.assets).slice(1) };
    };
    return this.settings.budgets.map((entry) => budgetFrom(entry, find));
  }

  /** The assets that a flow says it uses, as `kind/name`. */
  flowAssets({ name, uses }: Pick<Flow, "name" | "uses">): readonly Asset[] {
    const named = uses.map((use) => {
      const slash = use.indexOf("/");
      const asset = this.assets.find(use.slice(0, slash), use.slice(slash + 1));
      const message = `flow ${name} uses ${JSON.stringify(use)}, which is not there; expected kind/name, such as prompt/greet`;
      if (!asset) throw new WorkflowInvalid([{ file: this.folder, line: 1, column: 1, message }]);
      return asset;
    });
    return withReferences(named, this.assets);
  }

  /** An asset by itself, such as a prompt that somebody wants to see rendered. Throws `WorkflowInvalid`. */
  asset(kind: string, name: string): Asset | undefined {
    return this.assets.find(kind, name);
  }

  names(kind: string): readonly string[] {
    return this.assets.names(kind);
  }

  takeChildren(): ReleaseParts[] {
    return this.#children.splice(0);
  }

  /** Everything that a step or a call may name. */
  readonly assets: AssetSource = {
    find: (kind, name) => {
      for (const source of this.#sources) {
        const asset = source.find(kind, name);
        if (asset) return asset;
      }
      return undefined;
    },
    names: (kind) => this.#sources.flatMap((source) => source.names(kind)),
    references: (asset) => this.#sources.flatMap((source) => source.references?.(asset) ?? []),
  };

  #fileAsset(kind: string, name: string): Asset | undefined {
    const file = this.#fileOf(kind, name);
    if (!file) return undefined;
    if (kind === "workflow") return this.#child(file, name);
    const text = readText(file);
    const tool = (other: string) => this.#fileAsset("tool", other);
    const asset = loadAsset(kind, { file: relative(process.cwd(), file), text, name, tool });
    if (asset) this.#written.set(lineId(kind, name), { file: relative(this.folder, file), text });
    return asset;
  }

  #child(file: string, name: string): Asset {
    if (this.#loading.includes(file)) {
      const message = `workflow ${name} calls itself: ${[...this.#loading, file].map((path) => basename(path)).join(" → ")}`;
      throw new WorkflowInvalid([{ file, line: 1, column: 1, message }]);
    }
    this.#loading.push(file);
    try {
      const own = this.#children.splice(0);
      const child = this.load(file);
      this.#children.push(...own, ...child.children, child.parts);
      return assetOf("workflow", name, { release: releaseDigest(child.parts) });
    } finally {
      this.#loading.pop();
    }
  }

  /** The file that a name stands for; never one outside the folder. */
  #fileOf(kind: string, name: string): string | undefined {
    const candidates = (placesOf[kind] ?? []).map((place) => place.replace("NAME", name));
    for (const candidate of candidates) {
      const path = resolve(this.folder, candidate);
      if (isAbsolute(candidate) || !existsSync(path)) continue;
      if (relative(realpathSync(this.folder), realpathSync(path)).startsWith("..")) continue;
      return path;
    }
    return undefined;
  }
}

const missing = {
  problem: (_path: unknown, message: string) => ({ file: "flyball.yaml", line: 1, column: 1, message }),
};

/** The folder that a workflow file belongs to: its own, or the one above `workflows/` or `flows/`. */
export function projectFolderOf(file: string): string {
  const folder = dirname(resolve(file));
  const above = dirname(folder);
  return ["workflows", "flows"].includes(basename(folder)) && existsSync(join(above, "flyball.yaml"))
    ? above
    : folder;
}

/** Whether a file is a module of users' code, and not a document. */
export function isModule(file: string): boolean {
  return /\.[cm]?[jt]s$/.test(file);
}

/** Older versions that stand beside a module: `NAME@VERSION.ts` beside `NAME.ts`. */
export function olderVersionsOf(file: string): string[] {
  const { dir, name, ext } = parse(resolve(file));
  return readdirSync(dir)
    .filter((other) => other.startsWith(`${name}@`) && other.endsWith(ext))
    .sort()
    .map((other) => join(dir, other));
}
