import { derivedId } from "../../core/base/index.ts";
import type { Effects } from "./changes.ts";
import type { OptimizerDeps } from "./deps.ts";
import type { Evidence } from "./experiment.ts";
import { runsObservedMax } from "./limits.ts";
import type { Observation } from "./observations.ts";
import { type Bars, effectsOf, type Proposal } from "./proposals.ts";
import { observe } from "./record.ts";
import { outcomeOf, rightAlone, rightBeside } from "./truth.ts";
import { Watch } from "./watch.ts";

const stopped: ReadonlySet<string> = new Set(["completed", "failed", "rejected", "paused"]);

type TallyDeps = Pick<OptimizerDeps, "journal" | "control" | "registry" | "reviewMinutes">;

/** What the runs of one experiment have come to. */
export class Tally {
  readonly #deps: TallyDeps;
  readonly #proposal: Proposal;
  readonly #shadow: number[] = [];
  readonly #canary: number[] = [];
  /** Runs that have been counted, each as `ROLLOUT/RUN`; of those after the promotion, the ones that may stop again. */
  readonly #counted = new Set<string>();
  /** What the candidate did for real. */
  readonly #live: Observation[] = [];
  #shadowCostUsd = 0;
  #watch: Watch | undefined;

  constructor(proposal: Proposal, deps: TallyDeps) {
    this.#proposal = proposal;
    this.#deps = deps;
  }

  evidence(rollout: string | null): Evidence {
    const runs = [...this.#counted].filter((each) => each.startsWith(`${rollout}/`)).length;
    return { shadow: this.#shadow, canary: this.#canary, runs, shadowCostUsd: this.#shadowCostUsd };
  }

  get realised(): Effects | null {
    return this.#live.length === 0 ? null : effectsOf(this.#live, this.#deps.reviewMinutes());
  }

  /** Why the promoted version is to be taken back; undefined while it keeps to its bars. */
  get breach(): string | undefined {
    return this.#watch?.breach;
  }

  /** False where the run says nothing of this rollout, or nothing new. */
  async count(run: string, rollout: string): Promise<boolean> {
    const row = this.#deps.control.run(run);
    const other = row?.shadowOf ? run : derivedId("shadow", run, rollout);
    const shadow = this.#deps.control.run(other);
    if (shadow?.shadowOf) return this.#countShadow({ shadow: other, original: shadow.shadowOf, rollout });
    if (!row?.endedAt || !this.#isNew(run, rollout)) return false;
    this.#counted.add(`${rollout}/${run}`);
    const observation = await observe(run, this.#deps);
    this.#live.push(observation);
    const outcome = this.#outcomeAlone(observation);
    if (outcome !== null) this.#canary.push(outcome);
    return true;
  }

  /** A shadow beside its run: both must have ended, unless what is right is known without that. */
  async #countShadow({
    shadow,
    original,
    rollout,
  }: {
    shadow: string;
    original: string;
    rollout: string;
  }): Promise<boolean> {
    if (!this.#isStopped(shadow) || !this.#isNew(shadow, rollout)) return false;
    const { change, kind } = this.#proposal;
    const candidate = await observe(shadow, this.#deps);
    if (rightAlone(change, candidate) === null && !this.#isStopped(original)) return false;
    this.#counted.add(`${rollout}/${shadow}`);
    this.#shadowCostUsd += candidate.costUsd;
    const isRight = rightBeside(change, candidate, await observe(original, this.#deps));
    const outcome = outcomeOf(kind, candidate, isRight);
    if (outcome !== null) this.#shadow.push(outcome);
    return true;
  }

  #isStopped(run: string): boolean {
    return stopped.has(this.#deps.control.run(run)?.status ?? "");
  }

  #isNew(run: string, rollout: string): boolean {
    const arms = this.#deps.registry.store.armsOf(run);
    const hasCandidate = arms.some((each) => each.rollout === rollout && each.arm === "to");
    return hasCandidate && !this.#counted.has(`${rollout}/${run}`);
  }

  #outcomeAlone(observation: Observation): number | null {
    const { change, kind } = this.#proposal;
    return outcomeOf(kind, observation, rightAlone(change, observation));
  }

  /**
   * Counts a run after the promotion, if it had the release that production is now: what other releases came to is
   * not the doing of this change alone. False where it says nothing. `isOwn`: the release is still the promoted one.
   */
  async follow(
    run: string,
    { release, isOwn, bars }: { release: string; isOwn: boolean; bars: Bars },
  ): Promise<boolean> {
    const row = this.#deps.control.run(run);
    if (!row || row.shadowOf || row.release !== release) return false;
    if (!this.#isStopped(run) || this.#counted.has(run)) return false;
    if (!row.endedAt) this.#counted.add(run);
    const observation = await observe(run, this.#deps);
    if (this.#watch?.release !== release) this.#watch = new Watch(release, bars);
    this.#watch.add({ observation, outcome: this.#outcomeAlone(observation) });
    if (isOwn && this.#live.length < runsObservedMax) this.#live.push(observation);
    return true;
  }
}
