import type { Arms } from "../executor/index.ts";
import type { Asset, AssetReference, AssetSource } from "../workflow/index.ts";
import { armOf, keyOf, type RunToCome } from "./assign.ts";
import { picksKeptMax } from "./limits.ts";
import type { Resolver } from "./resolve.ts";
import { type ArmChoice, chooser, type RunningRollout, type Snapshot } from "./snapshot.ts";
import { lineId } from "./state.ts";
import type { Arm } from "./store.ts";

export type Named = Pick<AssetReference, "kind" | "name">;

/** What a call gets: the assets that it names, and what those name in turn. */
export interface Picked {
  readonly assets: readonly Asset[];
  /** Absent: it is in no rollout. */
  readonly arms?: Arms;
}

interface PickPlan {
  readonly rollouts: readonly RunningRollout[];
  /** By the rollouts whose new version is taken. */
  readonly assets: Map<string, Promise<readonly Asset[]>>;
}

/**
 * Versions of assets for calls that no workflow makes. What has no line is taken as it stands in the
 * files. A call is over before it is recorded, so nothing goes beside it: shadows are for workflows.
 */
export class Picks {
  readonly #snapshot: Snapshot;
  readonly #resolver: Resolver;
  readonly #plans = new WeakMap<AssetSource, Map<string, Promise<PickPlan>>>();

  constructor(snapshot: Snapshot, resolver: Resolver) {
    this.#snapshot = snapshot;
    this.#resolver = resolver;
  }

  /** Throws `ReleaseUnfit` when one of them is nowhere. */
  async pick(roots: readonly Named[], run: RunToCome, files: AssetSource): Promise<Picked> {
    const plan = await this.#plan(roots, files);
    const live = new Map<string, Arm>();
    for (const rollout of plan.rollouts) live.set(rollout.id, armOf(rollout, keyOf(rollout.key, run)));
    const key = [...live].flatMap(([rollout, arm]) => (arm === "to" ? [rollout] : [])).join();
    const assets = await kept(plan.assets, key, () => this.#assets(roots, live, files));
    return live.size === 0 ? { assets } : { assets, arms: Object.fromEntries(live) };
  }

  #plan(roots: readonly Named[], files: AssetSource): Promise<PickPlan> {
    const plans = this.#plans.get(files) ?? new Map<string, Promise<PickPlan>>();
    this.#plans.set(files, plans);
    if (plans.size >= picksKeptMax) plans.clear();
    const key = roots.map(({ kind, name }) => lineId(kind, name)).join("\n");
    return kept(plans, key, async () => ({
      rollouts: await this.#rolloutsOf(roots, files),
      assets: new Map<string, Promise<readonly Asset[]>>(),
    }));
  }

  /** Those of what either version of each may name. */
  async #rolloutsOf(roots: readonly Named[], files: AssetSource): Promise<readonly RunningRollout[]> {
    const running = [...this.#snapshot.rollouts.values()].filter(({ mode }) => mode !== "shadow");
    if (running.length === 0) return [];
    const reached = new Set<string>();
    const newest: ArmChoice = new Map(running.map(({ id }) => [id, "to"]));
    for (const arms of [new Map<string, Arm>(), newest])
      for (const { kind, name } of await this.#assets(roots, arms, files)) reached.add(lineId(kind, name));
    return running.filter(({ line }) => reached.has(line)).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #assets(roots: readonly Named[], arms: ArmChoice, files: AssetSource): Promise<readonly Asset[]> {
    return this.#resolver.withNamed(roots, chooser(this.#snapshot, arms), files);
  }
}

/** Made once; what failed is made anew by the next one who asks. */
function kept<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const value = known.get(key);
  if (value) return value;
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}
