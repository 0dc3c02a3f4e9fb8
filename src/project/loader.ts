import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, parse, relative, resolve } from "node:path";
import { loadScript, loadTool } from "../actions/tools/index.ts";
import { FlyballError, messageOf } from "../core/base/index.ts";
import { assetOf, type Flow, type ReleaseParts, releaseDigest } from "../core/executor/index.ts";
import { loadRuleset } from "../core/executor/kinds/index.ts";
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
import { loadPrompt } from "../models/prompts/index.ts";
import { retrievalSource } from "../models/retrieval/index.ts";
import { flatForm } from "./flat-form.ts";
import { type KindCode, noneBeside, type ProjectKinds, projectKinds } from "./own-kinds.ts";
import { readSettings, type Settings } from "./settings.ts";

/** A workflow file, loaded, and what its release pins; the releases of its children come first. */
export interface LoadedFile {
  readonly file: string;
  readonly parts: ReleaseParts;
  readonly children: readonly ReleaseParts[];
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

  /** Knows no kinds of the folder's own: enough for its settings and assets. `open` has them too. */
  constructor(folder: string, kinds: KindRegistry, own: ProjectKinds = noneBeside(kinds)) {
    this.folder = resolve(folder);
    this.settings = readSettings(this.folder);
    const { settings } = this;
    this.#kinds = own.kinds;
    this.ownKinds = own.own;
    this.#sources = [
      own.source,
      gatewaySource({
        settings,
        baseDir: this.folder,
        ...(settings.source
          ? { locate: (path, message) => (settings.source ?? missing).problem(path, message) }
          : {}),
      }),
      retrievalSource({ settings: settings.indexes, baseDir: this.folder }),
      { find: (kind, name) => this.#fileAsset(kind, name), names: (kind) => this.#fileNames(kind) },
    ];
  }

  /** With the folder's own kinds of step beside those that there are: to load workflows. */
  static async open(project: string, kinds: KindRegistry, code: KindCode): Promise<ProjectLoader> {
    const { folder, settings } = new ProjectLoader(project, kinds);
    const { environment } = settings.allow;
    return new ProjectLoader(folder, kinds, await projectKinds({ folder, environment, kinds, code }));
  }

  load(file: string): LoadedFile & { readonly loaded: LoadedWorkflow } {
    const path = resolve(file);
    const loaded = loadWorkflow({
      text: readText(path),
      file: relative(process.cwd(), path).startsWith("..") ? path : relative(process.cwd(), path),
      kinds: this.#kinds,
      assets: this.assets,
      flat: flatForm,
    });
    const { workflow, document, references } = loaded;
    const definition = assetOf("workflow", workflow.name, document as never);
    const assets = [...references, this.policy()];
    const parts = { workflow: workflow.name, version: workflow.version, definition, assets };
    return { file: path, loaded, parts, children: this.takeChildren() };
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
    const shown = relative(process.cwd(), file);
    switch (kind) {
      case "prompt":
        return loadPrompt({
          file: shown,
          text: readText(file),
          name,
          tool: (tool) => this.#fileAsset("tool", tool),
        });
      case "tool":
        return loadTool({ file: shown, text: readText(file), name });
      case "ruleset":
        return loadRuleset({ file: shown, text: readText(file), name });
      case "script":
        return loadScript({ file: shown, text: readText(file), name });
      case "workflow":
        return this.#child(file, name);
      default:
        return undefined;
    }
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

  /** The names of a kind's files, where they stand in a folder of their own. */
  #fileNames(kind: string): readonly string[] {
    const names = (placesOf[kind] ?? []).flatMap((place) => {
      const { dir, base } = parse(place);
      const folder = join(this.folder, dir);
      if (dir === "" || !existsSync(folder)) return [];
      const ending = base.replace("NAME", "");
      const files = readdirSync(folder).filter((file) => file.endsWith(ending));
      return files.map((file) => file.slice(0, -ending.length));
    });
    return [...new Set(names)].sort();
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

const placesOf: Readonly<Record<string, readonly string[]>> = {
  prompt: ["prompts/NAME.yaml", "prompts/NAME.jinja", "NAME"],
  tool: ["tools/NAME.yaml"],
  ruleset: ["rulesets/NAME.yaml", "rulesets/NAME.json", "NAME"],
  script: ["NAME"],
  workflow: ["workflows/NAME.yaml", "NAME.yaml"],
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
