import {
  type AssetRow,
  type BatchRow,
  type ControlStore,
  commandsNeedingPlace,
  type FigureFilter,
  type FoundRuns,
  type InboxRow,
  type QueuedRun,
  type RateRow,
  type ReviewRow,
  type RunFigure,
  type RunFilter,
  type RunRow,
  type Standing,
  type SwitchRow,
  type WakeExceptions,
} from "../../core/executor/index.ts";
import type { StoredChange } from "../../core/registry/index.ts";
import { MemoryAlerts } from "./alerts.ts";
import { MemoryRegistryStore } from "./registry.ts";
import { indexed, isFound } from "./run-search.ts";
import { MemorySpending } from "./spending.ts";
import { standingOf } from "./standing.ts";

export class MemoryControlStore implements ControlStore {
  readonly registry = new MemoryRegistryStore();
  readonly #runs = new Map<string, RunRow>();
  readonly #reviews = new Map<string, ReviewRow>();
  readonly #inbox = new Map<string, InboxRow>();
  readonly #batches = new Map<string, BatchRow>();
  readonly #assets = new Map<string, AssetRow>();
  readonly #rates = new Map<string, RateRow>();
  readonly #switches = new Map<string, SwitchRow>();
  readonly spending = new MemorySpending();
  readonly alerts = new MemoryAlerts();

  apply(change: StoredChange): void {
    switch (change.table) {
      case "budgets":
      case "reservations":
      case "uses":
      case "costs":
        return this.spending.apply(change);
      case "alerts":
      case "deliveries":
        return this.alerts.apply(change);
      case "runs":
        if ("put" in change) this.#runs.set(change.put.id, change.put);
        else if ("remove" in change) this.#runs.delete(change.remove);
        else merge(this.#runs, change.update, { ...change.set, updatedAt: change.at });
        return;
      case "reviews":
        if ("put" in change) this.#reviews.set(change.put.id, change.put);
        else if ("remove" in change) this.#reviews.delete(change.remove);
        else merge(this.#reviews, change.update, change.set);
        return;
      case "inbox":
        if ("put" in change) this.#inbox.set(change.put.id, change.put);
        else this.#inbox.delete(change.remove);
        return;
      case "batches":
        if ("put" in change) this.#batches.set(change.put.id, change.put);
        else merge(this.#batches, change.update, change.set);
        return;
      case "assets":
        if (!this.#assets.has(change.put.digest)) this.#assets.set(change.put.digest, change.put);
        return;
      case "rates":
        if ("put" in change) this.#rates.set(change.put.name, change.put);
        else
          for (const { name, moment } of this.rates())
            if (moment <= change.removeUntil) this.#rates.delete(name);
        return;
      case "switches":
        if ("put" in change) this.#switches.set(change.put.id, change.put);
        else this.#switches.delete(change.remove);
        return;
      default:
        this.registry.apply(change);
    }
  }

  run(id: string): RunRow | undefined {
    return this.#runs.get(id);
  }

  runs(filter: RunFilter): readonly RunRow[] {
    return this.search(filter).rows;
  }

  search(filter: RunFilter): FoundRuns {
    const among = indexed(this.#newestFirst(), filter);
    const { runsMax = among.length } = filter.among ?? {};
    const rows = among
      .slice(0, runsMax)
      .filter((run) => filter.withShadows || run.shadowOf === null)
      .filter((run) => !filter.among || isFound(run, filter.among))
      .slice(0, filter.limit);
    return { rows, searchedTo: among.length > runsMax ? among[runsMax - 1]?.id : undefined };
  }

  runFigures(filter: FigureFilter): readonly RunFigure[] {
    const reviewed = new Set([...this.#reviews.values()].map(({ run }) => run));
    return this.#ofPeriod(filter).map(({ id, status, startedAt, endedAt, costUsd, error }) => ({
      id,
      status,
      startedAt,
      endedAt,
      costUsd,
      errorCode: error ? JSON.parse(error).code : null,
      isReviewed: reviewed.has(id),
    }));
  }

  decisionTimes(filter: FigureFilter) {
    const runs = new Set(this.#ofPeriod(filter).map(({ id }) => id));
    return [...this.#reviews.values()]
      .filter(({ run, status }) => status === "decided" && runs.has(run))
      .map(({ id, requestedAt, decidedAt }) => ({ id, requestedAt, decidedAt: decidedAt ?? 0 }))
      .sort((a, b) => a.decidedAt - b.decidedAt || (a.id < b.id ? -1 : 1))
      .map(({ id: _, ...times }) => times);
  }

  #ofPeriod({ limit, ...period }: FigureFilter): readonly RunRow[] {
    return this.runs({ ...period, limit });
  }

  #newestFirst(): readonly RunRow[] {
    return [...this.#runs.values()].sort(newestFirst);
  }

  runningRuns(): readonly string[] {
    return [...this.#runs.values()]
      .filter((run) => run.status === "running" || run.status === "undoing")
      .sort((a, b) => a.startedAt - b.startedAt)
      .map((run) => run.id);
  }

  wakeable(nowMs: number, limit: number, { lanes, workflows }: WakeExceptions): readonly string[] {
    const hasPlace = ({ lane, workflow }: RunRow) =>
      workflows !== "all" && !lanes.includes(lane) && !workflows.includes(workflow);
    const runs = [...this.#runs.values()];
    const due = runs
      .filter((run) => run.dueAt !== null && run.dueAt <= nowMs && hasPlace(run))
      .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0));
    const expired = runs.filter(
      ({ expiresAt, endedAt }) => expiresAt !== null && endedAt === null && expiresAt <= nowMs,
    );
    const told = [...this.#inbox.values()].filter(({ run: id, command: { kind } }) => {
      const run = this.#runs.get(id);
      if (!run || run.endedAt !== null || !commandsNeedingPlace.has(kind)) return true;
      return (run.status !== "paused" || kind === "resume") && hasPlace(run);
    });
    const sorts = [due.map(({ id }) => id), expired.map(({ id }) => id), told.map(({ run }) => run)];
    return [...new Set(sorts.flatMap((ids) => ids.slice(0, limit)))];
  }

  nextDueAt(afterMs: number): number | undefined {
    const moments = [...this.#runs.values()].flatMap(({ dueAt, expiresAt, endedAt }) =>
      [dueAt, endedAt === null ? expiresAt : null].filter((at) => at !== null && at > afterMs),
    );
    return moments.reduce<number | undefined>(
      (least, at) => Math.min(least ?? Number(at), Number(at)),
      undefined,
    );
  }

  queuedLanes(): readonly { readonly lane: string; readonly runs: number }[] {
    const lanes = Map.groupBy(this.#queued(), ({ lane }) => lane);
    return [...lanes].map(([lane, runs]) => ({ lane, runs: runs.length }));
  }

  queuedRuns(lane: string, after: QueuedRun | null, limit: number): readonly QueuedRun[] {
    const isAfter = ({ rank, id }: QueuedRun) =>
      !after || rank > after.rank || (rank === after.rank && id > after.id);
    return this.#queued()
      .filter((run) => run.lane === lane && isAfter(run))
      .sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map(({ id, rank }) => ({ id, rank }));
  }

  #queued(): RunRow[] {
    return [...this.#runs.values()].filter(({ status }) => status === "queued");
  }

  waitingFor(what: "limit" | "switch", key: string, limit: number): readonly string[] {
    return [...this.#runs.values()]
      .filter((run) => run.waitingFor === what && run.waitingKey === key)
      .sort((a, b) => a.rank - b.rank)
      .slice(0, limit)
      .map(({ id }) => id);
  }

  rates(): readonly RateRow[] {
    return [...this.#rates.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  switches(): readonly SwitchRow[] {
    return [...this.#switches.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  inbox(run: string): readonly InboxRow[] {
    return [...this.#inbox.values()].filter((row) => row.run === run).sort((a, b) => a.position - b.position);
  }

  review(id: string): ReviewRow | undefined {
    return this.#reviews.get(id);
  }

  reviews(filter: {
    status?: ReviewRow["status"];
    run?: string;
    after?: string;
    limit: number;
  }): readonly ReviewRow[] {
    const sorted = [...this.#reviews.values()].sort(
      (a, b) => a.requestedAt - b.requestedAt || (a.id < b.id ? -1 : 1),
    );
    const start = filter.after ? sorted.findIndex((review) => review.id === filter.after) + 1 : 0;
    return sorted
      .slice(start)
      .filter((review) => !filter.status || review.status === filter.status)
      .filter((review) => !filter.run || review.run === filter.run)
      .slice(0, filter.limit);
  }

  batch(id: string): BatchRow | undefined {
    return this.#batches.get(id);
  }

  latestBatch(workflow: string, inputDigest: string, name: string): BatchRow | undefined {
    return [...this.#batches.values()]
      .filter(
        (batch) => batch.workflow === workflow && batch.inputDigest === inputDigest && batch.name === name,
      )
      .sort((a, b) => b.generation - a.generation)[0];
  }

  batchRuns(batch: string): readonly RunRow[] {
    return [...this.#runs.values()]
      .filter((run) => run.batch === batch)
      .sort((a, b) => (a.batchRow ?? 0) - (b.batchRow ?? 0));
  }

  asset(digest: string): AssetRow | undefined {
    return this.#assets.get(digest);
  }

  erasable(beforeMs: number, limit: number): readonly string[] {
    return this.#endedRuns(beforeMs, limit, (run) => run.erased === 0);
  }

  prunable(beforeMs: number, limit: number): readonly string[] {
    return this.#endedRuns(beforeMs, limit, (run) => run.erased >= 0 && !this.#isAskedFor(run));
  }

  uncaptured(untilMs: number, limit: number): readonly string[] {
    return this.#endedRuns(untilMs + 1, limit, (run) => run.erased === -1 && !this.#isAskedFor(run));
  }

  /** By its parent, which goes on, or by a batch that would start it anew. */
  #isAskedFor({ parent, batch }: RunRow): boolean {
    const isUnderWay = this.#runs.get(parent ?? "")?.endedAt === null;
    return isUnderWay || this.#batches.get(batch ?? "")?.status === "running";
  }

  #endedRuns(beforeMs: number, limit: number, isWanted: (run: RunRow) => boolean): readonly string[] {
    return [...this.#runs.values()]
      .filter((run) => run.endedAt !== null && run.endedAt < beforeMs && isWanted(run))
      .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0) || (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map((run) => run.id);
  }

  countRuns(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const run of this.#runs.values()) counts[run.status] = (counts[run.status] ?? 0) + 1;
    return counts;
  }

  standing(nowMs: number): Standing {
    return standingOf([...this.#runs.values()], [...this.#reviews.values()], nowMs);
  }

  dump(): Readonly<Record<string, readonly unknown[]>> {
    const sorted = <Row>(rows: Map<string, Row>) =>
      [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    return {
      runs: sorted(this.#runs),
      reviews: sorted(this.#reviews),
      inbox: sorted(this.#inbox),
      batches: sorted(this.#batches),
      assets: sorted(this.#assets),
      rates: this.rates(),
      switches: this.switches(),
      ...this.registry.dump(),
      ...this.spending.dump(),
      ...this.alerts.dump(),
    };
  }
}

function merge<Row>(rows: Map<string, Row>, id: string, set: Partial<Row>): void {
  const row = rows.get(id);
  if (row) rows.set(id, { ...row, ...set });
}

function newestFirst(a: RunRow, b: RunRow): number {
  return b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1);
}
