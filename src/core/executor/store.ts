import type { Command, RunStatus, Waiting } from "./events.ts";

export type InboxCommand = Command;

/** A run as its control row shows it; times are wall-clock milliseconds. */
export interface RunRow {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  readonly release: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
  readonly batch: string | null;
  readonly batchRow: number | null;
  readonly parent: string | null;
  /** JSON text of the tags. */
  readonly tags: string;
  /** JSON text of an `ErrorRecord`. */
  readonly error: string | null;
  readonly waitingFor: Waiting["for"] | null;
  readonly waitingKey: string | null;
  readonly waitingSince: number | null;
  readonly deadline: number | null;
  readonly dueAt: number | null;
  /** What retention has taken: 0 nothing, 1 the bodies of its steps. */
  readonly erased: number;
}

export interface ReviewRow {
  readonly id: string;
  readonly run: string;
  readonly path: string;
  readonly workflow: string;
  readonly status: "open" | "decided" | "withdrawn";
  readonly assignee: string | null;
  readonly requestedAt: number;
  readonly deadline: number | null;
  readonly escalated: boolean;
  readonly decidedAt: number | null;
}

export interface InboxRow {
  readonly id: string;
  readonly position: number;
  readonly run: string;
  readonly command: Command;
}

export interface BatchRow {
  readonly id: string;
  readonly workflow: string;
  readonly inputDigest: string;
  readonly name: string;
  readonly generation: number;
  readonly version: string;
  readonly release: string;
  readonly rows: number;
  readonly status: "running" | "completed";
  readonly startedAt: number;
}

export interface AssetRow {
  readonly digest: string;
  readonly kind: string;
  readonly name: string;
  readonly at: number;
}

export type RunUpdate = Partial<Omit<RunRow, "id">>;

export type ControlChange =
  | { readonly table: "runs"; readonly put: RunRow }
  | { readonly table: "runs" | "reviews" | "inbox"; readonly remove: string }
  | { readonly table: "runs"; readonly update: string; readonly at: number; readonly set: RunUpdate }
  | { readonly table: "reviews"; readonly put: ReviewRow }
  | { readonly table: "reviews"; readonly update: string; readonly set: Partial<ReviewRow> }
  | { readonly table: "inbox"; readonly put: InboxRow }
  | { readonly table: "batches"; readonly put: BatchRow }
  | {
      readonly table: "batches";
      readonly update: string;
      readonly set: { readonly status: BatchRow["status"] };
    }
  | { readonly table: "assets"; readonly put: AssetRow };

export interface RunFilter {
  readonly workflow?: string;
  readonly status?: RunStatus;
  readonly batch?: string;
  /** Only runs older than this one: the cursor of the next page. */
  readonly before?: string;
  readonly limit: number;
}

/** What the executor, the command line and the API ask of the control tables. */
export interface ControlStore {
  run(id: string): RunRow | undefined;
  /** Newest first. */
  runs(filter: RunFilter): readonly RunRow[];
  /** Runs that are `running`: what a start takes up again. */
  runningRuns(): readonly string[];
  /** Waiting runs that fall due, the longest due first, and runs with an inbox; at most `limit` of each. */
  wakeable(nowMs: number, limit: number): readonly string[];
  /** When the next waiting run falls due, of those that were not due at `afterMs`. */
  nextDueAt(afterMs: number): number | undefined;
  inbox(run: string): readonly InboxRow[];
  review(id: string): ReviewRow | undefined;
  reviews(filter: {
    status?: ReviewRow["status"];
    run?: string;
    after?: string;
    limit: number;
  }): readonly ReviewRow[];
  batch(id: string): BatchRow | undefined;
  /** The newest generation of a batch. */
  latestBatch(workflow: string, inputDigest: string, name: string): BatchRow | undefined;
  batchRuns(batch: string): readonly RunRow[];
  asset(digest: string): AssetRow | undefined;
  /** Runs that ended before a moment and whose bodies are still there, the longest ended first. */
  erasable(beforeMs: number, limit: number): readonly string[];
  /**
   * Runs that ended before a moment and that nothing under way may still ask for, the longest ended
   * first: neither a parent that goes on, nor a batch that would start them anew.
   */
  prunable(beforeMs: number, limit: number): readonly string[];
  countRuns(): Readonly<Record<string, number>>;
  /** Every row of every table, in a fixed order, for `doctor`. */
  dump(): Readonly<Record<string, readonly unknown[]>>;
}
