import { derivedId, type Json, waited } from "../../core/base/index.ts";
import { isFinal, type Release, type ReleaseParts, type RunStarted } from "../../core/executor/index.ts";
import type { Asset } from "../../core/workflow/index.ts";
import type { Change } from "./changes.ts";
import type { OptimizerDeps } from "./deps.ts";
import { replaysAtOnce } from "./limits.ts";
import type { Observation } from "./observations.ts";
import { observe } from "./record.ts";
import { rightBeside } from "./truth.ts";

/** A recorded run, and what a candidate makes of its input. */
export interface Trial {
  readonly original: Observation;
  readonly candidate: Observation;
}

interface Candidate {
  readonly release: Release;
  readonly change: Change;
}

/** The release with other versions of some of its assets, and what those name beside it. */
export function withAssets({ parts }: Release, changed: readonly Asset[]): ReleaseParts {
  const assets = new Map(parts.assets.map((asset) => [`${asset.kind}/${asset.name}`, asset]));
  for (const asset of changed) assets.set(`${asset.kind}/${asset.name}`, asset);
  return { ...parts, assets: [...assets.values()] };
}

/**
 * Asks a candidate what recorded runs were asked. They run as shadows do: they read and ask models, do nothing
 * else, take up nobody's time, and are in the journal with what they cost.
 */
export async function replayOn(
  { release, change }: Candidate,
  originals: readonly Observation[],
  purse: Purse,
  deps: OptimizerDeps,
): Promise<readonly Trial[]> {
  const isTried = ({ run }: Observation) => deps.control.run(trialId(run, release.digest)) !== undefined;
  const ask = (some: readonly Observation[]) =>
    Promise.all(some.map((original) => trialOf({ release, change }, original, deps)));
  const trials: Trial[] = [];
  const [tried, untried] = [originals.filter(isTried), originals.filter((each) => !isTried(each))];
  for (let from = 0; from < tried.length; from += replaysAtOnce)
    trials.push(...(await ask(tried.slice(from, from + replaysAtOnce))));
  for (let from = 0; from < untried.length && purse.answers > 0; ) {
    const some = untried.slice(from, from + Math.min(replaysAtOnce, purse.answers));
    const asked = await ask(some);
    purse.pay(asked.map(({ candidate }) => candidate.costUsd));
    trials.push(...asked);
    from += some.length;
  }
  return trials;
}

/** What trials may cost, in all. How many more may be asked at once follows from the dearest so far, with as much again. */
export class Purse {
  #leftUsd: number;
  #dearestUsd: number | null = null;

  constructor(maxUsd: number) {
    this.#leftUsd = maxUsd;
  }

  get answers(): number {
    if (this.#leftUsd === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    if (this.#leftUsd <= 0) return 0;
    if (this.#dearestUsd === null) return 1;
    return this.#dearestUsd === 0
      ? Number.POSITIVE_INFINITY
      : Math.floor(this.#leftUsd / (2 * this.#dearestUsd));
  }

  pay(costsUsd: readonly number[]): void {
    for (const costUsd of costsUsd) {
      this.#leftUsd -= costUsd;
      this.#dearestUsd = Math.max(this.#dearestUsd ?? 0, costUsd);
    }
  }
}

/** The run that tries a release on the input of another one: always the same, so that nothing is asked twice. */
export function trialId(run: string, release: string): string {
  return derivedId("trial", run, release);
}

async function trialOf(
  { release, change }: Candidate,
  original: Observation,
  deps: OptimizerDeps,
): Promise<Trial> {
  const id = trialId(original.run, release.digest);
  const [first] = await deps.journal.read(`run/${original.run}`);
  const { input, tags, expected } = (first?.data ?? {}) as unknown as RunStarted;
  await deps.executor.start({
    release,
    id,
    input: input as Json,
    ...(tags ? { tags } : {}),
    ...(expected === undefined ? {} : { expected }),
    effects: "simulated",
    shadowOf: original.run,
    actor: "optimizer",
  });
  await ended(id, deps);
  const candidate = await observe(id, deps);
  return { original, candidate: { ...candidate, isRight: rightBeside(change, candidate, original) } };
}

/** A retry that waits for its time has not come to an end; what stands still for a person will not. */
async function ended(run: string, { executor, control, clock }: OptimizerDeps): Promise<void> {
  for (let waits = 0; waits < waitsMax; waits++) {
    const status = await executor.settled(run);
    if (isFinal(status) || status === "paused" || control.run(run)?.waitingFor === "review") return;
    await waited(clock, waitMs);
  }
}

const waitMs = 100;
const waitsMax = 600;
