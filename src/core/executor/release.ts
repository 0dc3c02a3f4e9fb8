import { assert, canonicalJson, type Json, type JsonObject, sha256 } from "../base/index.ts";
import { type Append, type Journal, StaleAppend } from "../journal/index.ts";
import type { Asset, KindRegistry, Workflow } from "../workflow/index.ts";
import { InputInvalid, ReleaseMissing } from "./errors.ts";
import { releasesCachedMax } from "./limits.ts";

/** The exact versions of everything that a run uses: fixed when it starts, the same after any restart. */
export interface Release {
  readonly digest: string;
  readonly workflow: string;
  /** Digest of the workflow's document, or the declared version of a flow. */
  readonly version: string;
  readonly definition: Definition;
  /** What it was made of. */
  readonly parts: ReleaseParts;
  asset(kind: string, name: string): Asset;
}

/** What the run walks through: a document, or code. */
export type Definition = { readonly type: "document"; readonly workflow: Workflow } | FlowDefinition;

export interface FlowDefinition {
  readonly type: "flow";
  readonly name: string;
  readonly version: string;
  /** What the code may call. */
  readonly kinds: KindRegistry;
}

/** A release as it is published: the definition's own asset first. */
export interface ReleaseParts {
  readonly workflow: string;
  readonly version: string;
  readonly definition: Asset;
  readonly assets: readonly Asset[];
  /** Something in it stands in for what it should be, while the workflow is beyond its bounds. */
  readonly degraded?: true;
}

/** The same release with other assets under some of its names: `{ "route/drafting": "route/cheap" }`. */
export function withAlternatives(
  { assets, ...parts }: ReleaseParts,
  alternatives: Readonly<Record<string, string>>,
): ReleaseParts {
  const known = new Map(assets.map((asset) => [`${asset.kind}/${asset.name}`, asset]));
  const replaced = assets.map((asset) => {
    const other = known.get(alternatives[`${asset.kind}/${asset.name}`] ?? "");
    return other ? { ...other, kind: asset.kind, name: asset.name } : asset;
  });
  return { ...parts, assets: replaced, degraded: true };
}

export interface Releases {
  /** Writes an asset, unless it is in the journal. */
  publishAsset(asset: Asset): Promise<void>;
  /** Writes what is not yet in the journal, and returns the release. */
  publish(parts: ReleaseParts): Promise<Release>;
  /** A release by its digest; throws `ReleaseMissing`. */
  load(digest: string): Promise<Release>;
}

export interface ReleasesOptions {
  readonly journal: Journal;
  isPublished(digest: string): boolean;
  /** Makes a definition runnable from its asset's content, and from what is pinned beside it. */
  define(definition: Asset, assets: readonly Asset[]): Definition;
}

export function assetOf(kind: string, name: string, content: Json): Asset {
  return { kind, name, content, digest: sha256(`${kind}\n${canonicalJson(content)}`) };
}

/** Throws `InputInvalid`, before anything is recorded. The code of a flow checks its own input. */
export function checkInput({ definition, workflow }: Release, input: Json): void {
  const problems = definition.type === "document" ? definition.workflow.checkInput(input) : [];
  if (problems.length > 0) throw new InputInvalid(workflow, problems);
}

export function createReleases(options: ReleasesOptions): Releases {
  const cache = new Map<string, Release>();
  const remember = (release: Release) => {
    const oldest = cache.keys().next().value;
    if (cache.size >= releasesCachedMax && oldest !== undefined) cache.delete(oldest);
    cache.set(release.digest, release);
    return release;
  };
  return {
    publishAsset: (asset) => publishAsset(options, asset),
    async publish(parts) {
      const manifest = manifestOf(parts);
      const known = cache.get(manifest.digest);
      if (known) return known;
      for (const asset of [parts.definition, ...parts.assets, manifest]) await publishAsset(options, asset);
      return remember(releaseOf(options, manifest.digest, parts));
    },
    async load(digest) {
      return cache.get(digest) ?? remember(await readRelease(options, digest));
    },
  };
}

/** The digest that a release will have, before it is published. */
export function releaseDigest(parts: ReleaseParts): string {
  return manifestOf(parts).digest;
}

function manifestOf(parts: ReleaseParts): Asset {
  const content = {
    workflow: parts.workflow,
    version: parts.version,
    definition: nameOf(parts.definition),
    assets: parts.assets.map(nameOf).sort(byDigestAndName),
    ...(parts.degraded ? { degraded: true } : {}),
  };
  return assetOf("release", parts.workflow, content);
}

/** One asset may stand under two names. */
function byDigestAndName(one: Pinned, other: Pinned): number {
  if (one.digest !== other.digest) return one.digest < other.digest ? -1 : 1;
  return one.name < other.name ? -1 : 1;
}

function nameOf({ kind, name, digest }: Asset) {
  return { kind, name, digest };
}

async function publishAsset(options: ReleasesOptions, asset: Asset): Promise<void> {
  if (options.isPublished(asset.digest)) return;
  try {
    await options.journal.append([published(asset)]);
  } catch (error) {
    if (!(error instanceof StaleAppend)) throw error;
  }
}

function published(asset: Asset): Append {
  const data: JsonObject = { kind: asset.kind, name: asset.name, content: asset.content };
  return {
    stream: `asset/${asset.digest}`,
    expectedSeq: 0,
    actor: "engine",
    events: [{ type: "asset.published", data }],
  };
}

/** An asset as a manifest names it. Its content stands under its digest, whatever it was first published as. */
interface Pinned {
  readonly kind: string;
  readonly name: string;
  readonly digest: string;
}

async function readRelease(options: ReleasesOptions, digest: string): Promise<Release> {
  const manifest = (await readContent(options, digest)) as unknown as {
    workflow: string;
    version: string;
    definition: Pinned;
    assets: readonly Pinned[];
    degraded?: true;
  };
  const read = async (pinned: Pinned): Promise<Asset> => ({
    ...pinned,
    content: await readContent(options, pinned.digest),
  });
  return releaseOf(options, digest, {
    workflow: manifest.workflow,
    version: manifest.version,
    definition: await read(manifest.definition),
    assets: await Promise.all(manifest.assets.map(read)),
    ...(manifest.degraded ? { degraded: true } : {}),
  });
}

async function readContent(options: ReleasesOptions, digest: string): Promise<Json> {
  const [event] = await options.journal.read(`asset/${digest}`);
  if (!event?.data) throw new ReleaseMissing(`Asset ${digest}`);
  return event.data.content ?? null;
}

function releaseOf(options: ReleasesOptions, digest: string, parts: ReleaseParts): Release {
  const byName = new Map(parts.assets.map((asset) => [`${asset.kind}/${asset.name}`, asset]));
  return {
    digest,
    workflow: parts.workflow,
    version: parts.version,
    definition: options.define(parts.definition, parts.assets),
    parts,
    asset(kind, name) {
      const asset = byName.get(`${kind}/${name}`);
      assert(asset, `${kind} ${name} is not in the release: the loader pins every asset that is named`);
      return asset;
    },
  };
}
