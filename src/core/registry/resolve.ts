import type { Json } from "../base/index.ts";
import { assetOf, type ReleaseParts, releaseDigest } from "../executor/index.ts";
import type { Asset, AssetReference, AssetSource } from "../workflow/index.ts";
import type { Contents } from "./contents.ts";
import { ReleaseUnfit } from "./errors.ts";
import { childDepthMax } from "./limits.ts";
import {
  type ArmChoice,
  type Choose,
  candidates,
  chooser,
  type RunningRollout,
  type Snapshot,
} from "./snapshot.ts";
import { lineId } from "./state.ts";
import type { Arm } from "./store.ts";

type Named = Pick<AssetReference, "kind" | "name">;

/** What the engine knows of the kinds of assets. */
export interface AssetKinds {
  /** The assets that a content names; which, may depend on one of them, which `find` is asked for. */
  referencesOf(kind: string, content: Json, find: AssetSource["find"]): readonly Named[];
  /** The version of a workflow or flow, as its runs show it. */
  versionOf(kind: string, content: Json): string;
  /** Why a workflow could not run with these assets; empty when it can. */
  problemsOf(parts: ReleaseParts): readonly string[];
}

/** A release that is not published yet; those of its children come first. */
export interface ResolvedParts {
  readonly parts: ReleaseParts;
  readonly children: readonly ReleaseParts[];
}

/** Kinds of assets that can be run by their name. */
export const runnableKinds = ["workflow", "flow"] as const;

/** The line under which a name can be started. */
export function runnableLine({ production }: Snapshot, name: string): string | undefined {
  return runnableKinds.map((kind) => lineId(kind, name)).find((line) => production.has(line));
}

interface Resolving {
  readonly choose: Choose;
  /** The lines of the workflows that call each other down to here. */
  readonly path: readonly string[];
}

/** Finds out what a workflow runs with: its own version, and those of everything that it names. */
export class Resolver {
  readonly #contents: Contents;
  readonly #kinds: AssetKinds;

  constructor(contents: Contents, kinds: AssetKinds) {
    this.#contents = contents;
    this.#kinds = kinds;
  }

  /** Throws `ReleaseUnfit` when something that it names has no version, or does not fit. */
  async resolve(line: string, choose: Choose): Promise<ResolvedParts> {
    const { parts, children } = await this.#partsOf(line, { choose, path: [] });
    const problems = [...children, parts].flatMap((each) =>
      this.#kinds.problemsOf(each).map((problem) => `${each.workflow}: ${problem}`),
    );
    if (problems.length > 0) throw new ReleaseUnfit(problems);
    return { parts, children };
  }

  /** Assets by name, with those that they name in turn; what has no version is taken from the files. */
  async withNamed(roots: readonly Named[], choose: Choose, files: AssetSource): Promise<readonly Asset[]> {
    const found = new Map<string, Asset>();
    const named = [...roots];
    for (const { kind, name } of named) {
      const line = lineId(kind, name);
      if (found.has(line)) continue;
      const own = choose(line) === undefined ? files.find(kind, name) : undefined;
      const asset = own ?? (await this.#version(line, choose, undefined));
      found.set(line, asset);
      named.push(...this.#kinds.referencesOf(kind, asset.content, files.find));
    }
    return [...found.values()];
  }

  async #partsOf(line: string, { choose, path }: Resolving): Promise<ResolvedParts> {
    if (path.includes(line) || path.length >= childDepthMax)
      throw new ReleaseUnfit([`workflows call each other in a circle: ${[...path, line].join(" → ")}`]);
    const definition = await this.#version(line, choose, path.at(-1));
    const children: ReleaseParts[] = [];
    const found = new Map<string, Asset>();
    const named = [...(await this.#named(definition.kind, definition.content, choose))];
    // What is found names further assets, which join the list while it is gone through.
    for (const { kind, name } of named) {
      const reference = lineId(kind, name);
      if (found.has(reference)) continue;
      if (kind === "workflow") {
        const child = await this.#partsOf(reference, { choose, path: [...path, line] });
        children.push(...child.children, child.parts);
        found.set(reference, assetOf(kind, name, { release: releaseDigest(child.parts) }));
        continue;
      }
      const asset = await this.#version(reference, choose, line);
      found.set(reference, asset);
      named.push(...(await this.#named(kind, asset.content, choose)));
    }
    const version = this.#kinds.versionOf(definition.kind, definition.content);
    return {
      parts: { workflow: definition.name, version, definition, assets: [...found.values()] },
      children,
    };
  }

  /** Asked again once what it depends on is loaded. */
  async #named(kind: string, content: Json, choose: Choose): Promise<readonly Named[]> {
    const loaded = new Map<string, Asset | undefined>();
    for (;;) {
      const wanted = new Set<string>();
      const named = this.#kinds.referencesOf(kind, content, (...of) => {
        const line = lineId(...of);
        if (!loaded.has(line)) wanted.add(line);
        return loaded.get(line);
      });
      if (wanted.size === 0) return named;
      for (const line of wanted)
        loaded.set(
          line,
          choose(line) === undefined ? undefined : await this.#version(line, choose, undefined),
        );
    }
  }

  async #version(line: string, choose: Choose, namedBy: string | undefined): Promise<Asset> {
    const digest = choose(line);
    if (digest === undefined)
      throw new ReleaseUnfit([
        `${namedBy ? `${namedBy} names ${line}, which` : line} has no production version`,
      ]);
    const slash = line.indexOf("/");
    const [kind, name] = [line.slice(0, slash), line.slice(slash + 1)];
    return { kind, name, digest, content: await this.#contents.of(digest) };
  }

  /** Every line that some run of a workflow may take a version from, whatever arms it is in. */
  async reach(line: string, snapshot: Snapshot): Promise<ReadonlySet<string>> {
    const reached = new Set([line]);
    const newest = new Map([...snapshot.rollouts.values()].map(({ id }) => [id, "to" as const]));
    for (const each of reached)
      for (const digest of candidates(snapshot, each))
        for (const arms of [new Map(), newest]) {
          const kind = each.slice(0, each.indexOf("/"));
          const content = await this.#contents.of(digest);
          for (const named of await this.#named(kind, content, chooser(snapshot, arms)))
            reached.add(lineId(named.kind, named.name));
        }
    return reached;
  }

  /** The rollouts that runs of a workflow are in, in a fixed order. */
  async rolloutsOf(line: string, snapshot: Snapshot): Promise<readonly RunningRollout[]> {
    if (snapshot.rollouts.size === 0) return [];
    const reached = await this.reach(line, snapshot);
    return [...snapshot.rollouts.values()]
      .filter((rollout) => reached.has(rollout.line))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Why some run of a workflow could not start, over every combination of arms; each problem once. */
  async problemsOf(line: string, snapshot: Snapshot): Promise<ReadonlySet<string>> {
    const problems = new Set<string>();
    for (const arms of combinations(await this.rolloutsOf(line, snapshot)))
      try {
        await this.resolve(line, chooser(snapshot, arms));
      } catch (error) {
        if (!(error instanceof ReleaseUnfit)) throw error;
        for (const problem of error.problems) problems.add(problem);
      }
    return problems;
  }
}

/** Throws `ReleaseUnfit` where a workflow that runs before a change could not run after it. */
export async function checkFit(
  resolver: Resolver,
  { before, after, lines }: { before: Snapshot; after: Snapshot; lines: readonly string[] },
): Promise<void> {
  const found: string[] = [];
  for (const line of after.production.keys()) {
    if (!runnableKinds.some((kind) => line.startsWith(`${kind}/`))) continue;
    const reached = await resolver.reach(line, after);
    if (!lines.some((changed) => reached.has(changed))) continue;
    const known = before.production.has(line) ? await resolver.problemsOf(line, before) : new Set<string>();
    for (const problem of await resolver.problemsOf(line, after))
      if (!known.has(problem)) found.push(problem);
  }
  if (found.length > 0) throw new ReleaseUnfit([...new Set(found)]);
}

/** Every way in which a run can be in these rollouts. */
export function combinations(rollouts: readonly { readonly id: string }[]): readonly ArmChoice[] {
  return rollouts.reduce<readonly ArmChoice[]>(
    (choices, { id }) =>
      choices.flatMap((choice) =>
        (["from", "to"] satisfies Arm[]).map((arm) => new Map([...choice, [id, arm]])),
      ),
    [new Map()],
  );
}
