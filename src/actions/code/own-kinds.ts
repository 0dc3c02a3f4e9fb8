import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, type Json, type JsonObject } from "../../core/base/index.ts";
import { assetOf, ProcessCrashed } from "../../core/executor/index.ts";
import {
  type Asset,
  type OwnKindFacts,
  ownStepKind,
  type StepContext,
  type StepKind,
  type StepResult,
} from "../../core/workflow/index.ts";
import { CodeModule } from "./code-module.ts";
import { type HostOptions, HostProcess } from "./host-process.ts";
import { suspectsMax } from "./limits.ts";
import type { KindFacts, Sources } from "./protocol.ts";

/** A file of a project's `kinds/`. */
export interface KindFile {
  readonly name: string;
  /** The project's folder, and the file's path within it. */
  readonly folder: string;
  readonly file: string;
  /** The environment variables that it may see. */
  readonly environment: readonly string[];
}

/** What beside its own sources a kind needs to run: where its packages are, and what it may see. */
type Place = Pick<KindFile, "folder" | "environment">;

/** What a release pins of a kind: all that the engine needs of it, and what its code is. */
type KindContent = OwnKindFacts & { readonly file: string; readonly sources: Sources };

export interface OwnKindsOptions {
  /** A folder that keeps where each kind's project was when it was loaded last. */
  readonly placesFolder: string;
  host(load: HostOptions["load"], environment: readonly string[]): HostOptions;
}

/** Kinds of step that projects bring along, each version in a host of its own. */
export class OwnKinds {
  readonly #options: OwnKindsOptions;
  readonly #modules = new Map<string, CodeModule>();
  /** By path: what was loaded last, or is being loaded. */
  readonly #loaded = new Map<string, Promise<Asset>>();
  /** Idempotency keys of steps under which their process has ended. */
  readonly #suspects = new Set<string>();

  constructor(options: OwnKindsOptions) {
    this.#options = options;
  }

  /** Imports a kind, unless it is as it was, and keeps its sources. Throws `CodeUnusable`. */
  async load(file: KindFile): Promise<Asset> {
    const path = join(file.folder, file.file);
    const known = await this.#loaded.get(path)?.catch(() => undefined);
    if (known && isCurrent(known, file.folder)) {
      this.#keepPlace(known, file);
      return known;
    }
    const loading = this.#import(file);
    this.#loaded.set(path, loading);
    return loading;
  }

  /** A kind as a release has pinned it. */
  kind(asset: Asset): StepKind {
    const content = contentOf(asset);
    return ownStepKind(asset.name, content, (input, context) => this.#run(asset, input, context));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#modules.values()].map((module) => module.close()));
  }

  async #import({ name, file, folder, environment }: KindFile): Promise<Asset> {
    const load = { what: "kind", file, folder } as const;
    const options = this.#options.host(load, environment);
    const host = new HostProcess(options);
    const { what, ...facts } = factsOf(await host.facts);
    const asset = assetOf("kind", name, { file, ...facts } satisfies KindContent);
    const pinned = { ...options, load: { ...load, sources: facts.sources } };
    if (this.#modules.has(asset.digest)) host.kill("the same version is loaded already", false);
    else this.#modules.set(asset.digest, new CodeModule(pinned, host));
    this.#keepPlace(asset, { folder, environment });
    return asset;
  }

  async #run(asset: Asset, input: JsonObject, context: StepContext): Promise<StepResult> {
    const { key, signal, runId, path, attempt, tags } = context;
    const module = this.#moduleOf(asset);
    const lane = this.#suspects.has(key) ? await module.lane(signal) : undefined;
    const host = lane?.host ?? module.shared;
    try {
      const result = await host.do({ input, runId, path, key, attempt, tags }, signal);
      this.#suspects.delete(key);
      return result;
    } catch (error) {
      // Whatever else it threw, it did not end its process with it.
      if (!(error instanceof ProcessCrashed)) this.#suspects.delete(key);
      else if (error.isBlamed) this.#suspect(key);
      throw error;
    } finally {
      lane?.leave();
    }
  }

  #suspect(key: string): void {
    const [oldest] = this.#suspects;
    if (oldest !== undefined && this.#suspects.size >= suspectsMax) this.#suspects.delete(oldest);
    this.#suspects.add(key);
  }

  #moduleOf(asset: Asset): CodeModule {
    const known = this.#modules.get(asset.digest);
    if (known) return known;
    const { file, sources } = contentOf(asset);
    const { folder, environment } = this.#placeOf(asset);
    const options = this.#options.host({ what: "kind", file, folder, sources }, environment);
    const module = new CodeModule(options);
    this.#modules.set(asset.digest, module);
    return module;
  }

  #keepPlace({ digest }: Asset, { folder, environment }: Place): void {
    mkdirSync(this.#options.placesFolder, { recursive: true });
    writeFileSync(join(this.#options.placesFolder, digest), JSON.stringify({ folder, environment }));
  }

  /** Without one, the kind's own sources are all that it can import. */
  #placeOf({ digest }: Asset): Place {
    const { placesFolder } = this.#options;
    try {
      return JSON.parse(readFileSync(join(placesFolder, digest), "utf8"));
    } catch {
      return { folder: placesFolder, environment: [] };
    }
  }
}

function factsOf(facts: KindFacts | { readonly what: "flow" }): KindFacts {
  assert(facts.what === "kind", "a host that was told to import a kind has imported one");
  return facts;
}

/** As `load` has made it, perhaps in another process. */
function contentOf({ content }: Asset): KindContent {
  return content as Json & KindContent;
}

function isCurrent(asset: Asset, folder: string): boolean {
  return Object.entries(contentOf(asset).sources).every(([name, { text }]) => {
    try {
      return readFileSync(join(folder, name), "utf8") === text;
    } catch {
      return false;
    }
  });
}
