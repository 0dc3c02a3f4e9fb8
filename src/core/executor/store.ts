import type { AlertChange, AlertStore } from "./alerts.ts";
import type { Command, RunStatus, Waiting } from "./events.ts";
import type { SpendingChange, SpendingStore } from "./spending.ts";
import type { SwitchRow } from "./switches.ts";

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
  /** Those that share its counters: the workflow's name, or name and counters as JSON. */
  readonly lane: string;
  /** Its place in the queue: lower goes first. */
  readonly rank: number;
  readonly expiresAt: number | null;
  /** What was taken: 0 nothing, 1 the bodies of its steps; -1 nothing yet, but something must go when it has ended. */
  readonly erased: number;
  /** The run that it is compared with. */
  readonly shadowOf: string | null;
  /** What it has cost; null before its end. */
  readonly costUsd: number | null;
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

/** When a rate lets the next one in, by the rate's name. */
export interface RateRow {
  readonly name: string;
  readonly moment: number;
}

/** A run in the queue. */
export interface QueuedRun {
  readonly id: string;
  readonly rank: number;
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
  | { readonly table: "assets"; readonly put: AssetRow }
  | { readonly table: "rates"; readonly put: RateRow }
  | { readonly table: "rates"; readonly removeUntil: number }
  | SpendingChange
  | AlertChange
  | { readonly table: "switches"; readonly put: SwitchRow }
  | { readonly table: "switches"; readonly remove: string };

export interface RunFilter {
  readonly workflow?: string | undefined;
  readonly status?: RunStatus | undefined;
  readonly batch?: string | undefined;
  /** Shadows are left out otherwise. */
  readonly withShadows?: boolean | undefined;
  /** Wall-clock milliseconds: started from then on, and before then. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Only runs older than this one: the cursor of the next page. */
  readonly before?: string | undefined;
  readonly limit: number;
  /** What no index finds: it is looked for among so many of the runs that the other members find, newest first. */
  readonly among?: RunSearch | undefined;
}

export interface RunSearch {
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Stands, with letters of ASCII in whatever case, in the id, the workflow's name, the error or the tags. */
  readonly text?: string | undefined;
  /** Runs that have ended and cost so much, at least and at most. */
  readonly costMinUsd?: number | undefined;
  readonly costMaxUsd?: number | undefined;
  readonly runsMax: number;
}

/** A run as the figures of its workflow count it. */
export interface RunFigure {
  readonly id: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly costUsd: number | null;
  readonly errorCode: string | null;
  /** A person was asked. */
  readonly isReviewed: boolean;
}

/** The runs of a workflow that were started in a period, the newest of them; no shadows. */
export interface FigureFilter {
  readonly workflow: string;
  /** Wall-clock milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

export interface WakeExceptions {
  readonly lanes: readonly string[];
  readonly workflows: "all" | readonly string[];
}

/** What is open at a moment, for gauges and alerts; of shadows, only what is due. */
export interface Standing {
  /** Runs that have not ended. */
  readonly runs: readonly { readonly workflow: string; readonly status: RunStatus; readonly count: number }[];
  /** Runs that are paused by an error, with the newest of them. */
  readonly failures: readonly {
    readonly workflow: string;
    readonly code: string;
    readonly count: number;
    readonly run: string;
  }[];
  readonly reviews: readonly {
    readonly workflow: string;
    readonly open: number;
    readonly overdue: number;
    /** The earliest deadline of all; null where none has one. */
    readonly deadline: number | null;
  }[];
  /** Runs whose timer has rung and that were not taken up yet. */
  readonly due: { readonly count: number; readonly oldestAt: number | null };
}

export interface FoundRuns {
  readonly rows: readonly RunRow[];
  /** Where a search did not look at all: the run after which it goes on. */
  readonly searchedTo: string | undefined;
}

/** What the executor, the command line and the API ask of the control tables. */
export interface ControlStore {
  readonly spending: SpendingStore;
  readonly alerts: AlertStore;
  run(id: string): RunRow | undefined;
  /** Newest first. */
  runs(filter: RunFilter): readonly RunRow[];
  /** The same, and where the search ended. */
  search(filter: RunFilter): FoundRuns;
  /** Newest first. */
  runFigures(filter: FigureFilter): readonly RunFigure[];
  /** When each of their reviews was asked and decided, in the order of the decisions. */
  decisionTimes(
    filter: FigureFilter,
  ): readonly { readonly requestedAt: number; readonly decidedAt: number }[];
  /** Runs that are `running` or `undoing`: what a start takes up again. */
  runningRuns(): readonly string[];
  /**
   * Runs that fall due or expire, or that have something in their inbox. What needs a place to work is left
   * out for the lanes and workflows named, which have none to give; of paused runs, all but a resume. At most `limit` of each sort: none keeps another waiting.
   */
  wakeable(nowMs: number, limit: number, except: WakeExceptions): readonly string[];
  /** When the next run falls due or expires, of those that did not at `afterMs`. */
  nextDueAt(afterMs: number): number | undefined;
  /** The lanes of the queue, with the number of their runs. */
  queuedLanes(): readonly { readonly lane: string; readonly runs: number }[];
  /** The queued runs of a lane in order of rank, after one of them. */
  queuedRuns(lane: string, after: QueuedRun | null, limit: number): readonly QueuedRun[];
  /** Runs that wait for one thing, in order of rank. */
  waitingFor(what: "limit" | "switch", key: string, limit: number): readonly string[];
  rates(): readonly RateRow[];
  switches(): readonly SwitchRow[];
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
  /** Runs that ended up to a moment and hold what is not to be kept, unless somebody under way may still ask for them. */
  uncaptured(untilMs: number, limit: number): readonly string[];
  countRuns(): Readonly<Record<string, number>>;
  standing(nowMs: number): Standing;
  /** Every row of every table, in a fixed order, for `doctor`. */
  dump(): Readonly<Record<string, readonly unknown[]>>;
}
