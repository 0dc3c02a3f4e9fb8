import type {
  AssetRow,
  BatchRow,
  ControlChange,
  ControlStore,
  InboxRow,
  ReviewRow,
  RunFilter,
  RunRow,
} from "../../core/executor/index.ts";

export class MemoryControlStore implements ControlStore {
  readonly #runs = new Map<string, RunRow>();
  readonly #reviews = new Map<string, ReviewRow>();
  readonly #inbox = new Map<string, InboxRow>();
  readonly #batches = new Map<string, BatchRow>();
  readonly #assets = new Map<string, AssetRow>();

  apply(change: ControlChange): void {
    switch (change.table) {
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
    }
  }

  run(id: string): RunRow | undefined {
    return this.#runs.get(id);
  }

  runs(filter: RunFilter): readonly RunRow[] {
    const sorted = [...this.#runs.values()].sort(newestFirst);
    const start = filter.before ? sorted.findIndex((run) => run.id === filter.before) + 1 : 0;
    return sorted
      .slice(start)
      .filter((run) => !filter.workflow || run.workflow === filter.workflow)
      .filter((run) => !filter.status || run.status === filter.status)
      .filter((run) => !filter.batch || run.batch === filter.batch)
      .slice(0, filter.limit);
  }

  runningRuns(): readonly string[] {
    return [...this.#runs.values()]
      .filter((run) => run.status === "running")
      .sort((a, b) => a.startedAt - b.startedAt)
      .map((run) => run.id);
  }

  wakeable(nowMs: number, limit: number): readonly string[] {
    const due = [...this.#runs.values()]
      .filter((run) => run.dueAt !== null && run.dueAt <= nowMs)
      .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))
      .map((run) => run.id);
    const told = new Set([...this.#inbox.values()].map((row) => row.run));
    return [...new Set([...due.slice(0, limit), ...[...told].slice(0, limit)])];
  }

  nextDueAt(afterMs: number): number | undefined {
    const due = [...this.#runs.values()].flatMap(({ dueAt }) =>
      dueAt === null || dueAt <= afterMs ? [] : [dueAt],
    );
    return due.length > 0 ? Math.min(...due) : undefined;
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
    return this.#endedRuns(beforeMs, limit, ({ parent, batch }) => {
      const isUnderWay = this.#runs.get(parent ?? "")?.endedAt === null;
      return !isUnderWay && this.#batches.get(batch ?? "")?.status !== "running";
    });
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

  dump(): Readonly<Record<string, readonly unknown[]>> {
    const sorted = <Row>(rows: Map<string, Row>) =>
      [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    return {
      runs: sorted(this.#runs),
      reviews: sorted(this.#reviews),
      inbox: sorted(this.#inbox),
      batches: sorted(this.#batches),
      assets: sorted(this.#assets),
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
