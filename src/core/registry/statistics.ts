import { nearestRank } from "../base/index.ts";
import { latenciesMax } from "./limits.ts";
import type { Arm, RegistryStore } from "./store.ts";

/** What is known of the runs of an arm; null is what nothing is known of yet. */
export interface ArmFigures {
  /** Those that ended, and those that stand still because they failed. */
  readonly runs: number;
  readonly failed: number;
  readonly errorRate: number | null;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly costMeanUsd: number | null;
  readonly scores: Readonly<Record<string, { readonly n: number; readonly mean: number }>>;
}

/** The latest values, and any percentile of them. */
class Recent {
  readonly #inOrder: number[] = [];
  readonly #sorted: number[] = [];

  add(value: number): void {
    this.#inOrder.push(value);
    this.#sorted.splice(this.#place(value), 0, value);
    if (this.#inOrder.length <= latenciesMax) return;
    const oldest = this.#inOrder.shift() ?? 0;
    this.#sorted.splice(this.#place(oldest), 1);
  }

  /** Nearest rank. */
  percentile(share: number): number | null {
    return nearestRank(this.#sorted, share) ?? null;
  }

  /** The first place whose value is not smaller. */
  #place(value: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Stop {
  readonly run: string;
  readonly status: string;
  readonly latencyMs: number;
  readonly costUsd: number;
}

/** Counts what the runs of an arm come to: a run costs the same however many there were before. */
export class ArmStatistics {
  #ended = 0;
  #failed = 0;
  #costUsd = 0;
  readonly #paused = new Set<string>();
  readonly #latencies = new Recent();
  readonly #scores = new Map<string, { n: number; sum: number }>();

  /** A paused run has failed for now; it counts anew once it ends. */
  stop({ run, status, latencyMs, costUsd }: Stop): void {
    this.#paused.delete(run);
    if (status === "paused") return void this.#paused.add(run);
    this.#ended += 1;
    if (status === "failed" || status === "expired") this.#failed += 1;
    this.#costUsd += costUsd;
    this.#latencies.add(latencyMs);
  }

  score(name: string, value: number, n = 1): void {
    const before = this.#scores.get(name) ?? { n: 0, sum: 0 };
    this.#scores.set(name, { n: before.n + n, sum: before.sum + value });
  }

  get figures(): ArmFigures {
    const [runs, failed] = [this.#ended + this.#paused.size, this.#failed + this.#paused.size];
    const scores = [...this.#scores].map(([name, { n, sum }]) => [name, { n, mean: sum / n }] as const);
    return {
      runs,
      failed,
      errorRate: runs === 0 ? null : failed / runs,
      latencyP50Ms: this.#latencies.percentile(0.5),
      latencyP95Ms: this.#latencies.percentile(0.95),
      costMeanUsd: this.#ended === 0 ? null : this.#costUsd / this.#ended,
      scores: Object.fromEntries(scores),
    };
  }

  /** What the tables say of an arm: the same as if all of it had been counted one by one. */
  static load(store: RegistryStore, rollout: string, arm: Arm): ArmStatistics {
    const statistics = new ArmStatistics();
    for (const row of store.armPaused(rollout)) if (row.arm === arm) statistics.#paused.add(row.run);
    const paused = statistics.#paused.size;
    const totals = store.armTotals(rollout).find((each) => each.arm === arm);
    statistics.#ended = (totals?.runs ?? paused) - paused;
    statistics.#failed = (totals?.failed ?? paused) - paused;
    statistics.#costUsd = totals?.costUsd ?? 0;
    for (const latencyMs of store.armLatencies(rollout, arm, latenciesMax).toReversed())
      statistics.#latencies.add(latencyMs);
    for (const { arm: scored, name, n, sum } of store.armScores(rollout))
      if (scored === arm) statistics.score(name, sum, n);
    return statistics;
  }
}
