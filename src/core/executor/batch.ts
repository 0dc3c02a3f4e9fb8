import { type Clock, derivedId, FlyballError, type Json, waited } from "../base/index.ts";
import { type Journal, StaleAppend } from "../journal/index.ts";
import { QueueFull, RunPruned } from "./errors.ts";
import type { RunEffects, RunStatus } from "./events.ts";
import { isFinal } from "./events.ts";
import type { Executor } from "./executor.ts";
import { checkInput, type Release } from "./release.ts";
import type { StartRequest } from "./start.ts";
import type { BatchRow, ControlStore, RunRow } from "./store.ts";

/** One row of a batch: an input, or why there is none. */
export type BatchInput =
  | {
      readonly row: number;
      readonly input: Json;
      readonly expected?: Json;
      readonly tags?: Readonly<Record<string, string>>;
    }
  | { readonly row: number; readonly problem: string };

export interface BatchRequest {
  readonly release: Release;
  /** SHA-256 of the input's bytes. */
  readonly inputDigest: string;
  readonly name: string;
  readonly rows: readonly BatchInput[];
  readonly concurrency: number;
  /** Start a new batch although one over the same input is there. */
  readonly again: boolean;
  /** Go on with the version that the batch began with, although the workflow has changed. */
  readonly continue: boolean;
  /** Absent: what its runs do is done. */
  readonly effects?: RunEffects | undefined;
  readonly signal: AbortSignal;
}

export type BatchNews =
  | { readonly type: "begun"; readonly batch: BatchRow; readonly isNew: boolean; readonly done: number }
  | { readonly type: "run"; readonly run: string; readonly row: number; readonly status: RunStatus }
  | { readonly type: "refused"; readonly row: number; readonly problem: string };

/** The workflow has changed since the batch began. Nothing has started. */
export class BatchVersionChanged extends FlyballError {
  readonly code = "BATCH_VERSION_CHANGED";
  override readonly status = 409;
  override readonly exitCode = 3;
  constructor(batch: BatchRow, now: Pick<Release, "version" | "digest">) {
    // The document may be the same, and a prompt or model of it another.
    const [what, before, after] =
      batch.version === now.version
        ? ["release", batch.release, now.digest]
        : ["version", batch.version, now.version];
    super(
      `This batch began with ${what} ${before.slice(0, 12)} of ${batch.workflow}, which is ${after.slice(0, 12)} now. ` +
        "Keep to the old version (--continue), or start anew with the new one (--again).",
    );
  }
}

/**
 * A workflow over many inputs. A batch is (workflow, digest of the input, name); a run is (batch, row).
 * The same request again takes up what is unfinished and starts nothing twice: each run's id derives
 * from its batch and row, so a second start meets the first.
 */
export class Batches {
  readonly #journal: Journal;
  readonly #control: ControlStore;
  readonly #executor: Executor;
  readonly #clock: Clock;
  readonly #load: (release: string) => Promise<Release>;

  constructor(options: {
    journal: Journal;
    control: ControlStore;
    executor: Executor;
    clock: Clock;
    load: (release: string) => Promise<Release>;
  }) {
    this.#journal = options.journal;
    this.#control = options.control;
    this.#executor = options.executor;
    this.#clock = options.clock;
    this.#load = options.load;
  }

  /** Ends when each run is final, waiting or paused. Aborting stops new rows; what runs is not touched. */
  async run(request: BatchRequest, tell: (news: BatchNews) => void): Promise<BatchRow> {
    const { batch, isNew } = await this.#begin(request);
    const release =
      batch.release === request.release.digest ? request.release : await this.#load(batch.release);
    const known = new Map(this.#control.batchRuns(batch.id).map((run) => [run.batchRow ?? 0, run]));
    const done = [...known.values()].filter((run) => isFinal(run.status)).length;
    tell({ type: "begun", batch, isNew, done });
    const rows = request.rows.values();
    const worker = async () => {
      for (const row of rows) {
        if (request.signal.aborted) return;
        await this.#row(batch, { release, effects: request.effects }, row, known.get(row.row), tell);
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, request.concurrency) }, worker));
    if (!request.signal.aborted && this.#control.batch(batch.id)?.status !== "completed")
      await this.#finish(batch);
    return batch;
  }

  async #begin(request: BatchRequest): Promise<{ batch: BatchRow; isNew: boolean }> {
    const { release, inputDigest, name } = request;
    const latest = this.#control.latestBatch(release.workflow, inputDigest, name);
    if (latest && !request.again) {
      const isChanged = latest.release !== release.digest;
      if (isChanged && !request.continue) throw new BatchVersionChanged(latest, release);
      return { batch: latest, isNew: false };
    }
    const batch: BatchRow = {
      id: derivedId("batch", release.workflow, inputDigest, name, String((latest?.generation ?? 0) + 1)),
      workflow: release.workflow,
      inputDigest,
      name,
      generation: (latest?.generation ?? 0) + 1,
      version: release.version,
      release: release.digest,
      rows: request.rows.length,
      status: "running",
      startedAt: this.#clock.now(),
    };
    const { id, status, startedAt, ...data } = batch;
    const append = {
      stream: `batch/${id}`,
      expectedSeq: 0,
      actor: "local",
      events: [{ type: "batch.started", data }],
    };
    try {
      await this.#journal.append([append]);
      return { batch, isNew: true };
    } catch (error) {
      // Somebody asked for the same at the same moment, and was first.
      if (!(error instanceof StaleAppend)) throw error;
      return { batch: this.#control.batch(id) ?? batch, isNew: false };
    }
  }

  async #row(
    batch: BatchRow,
    { release, effects }: { readonly release: Release; readonly effects: RunEffects | undefined },
    row: BatchInput,
    known: RunRow | undefined,
    tell: (news: BatchNews) => void,
  ): Promise<void> {
    if ("problem" in row) return tell({ type: "refused", row: row.row, problem: row.problem });
    const id = derivedId("run", batch.id, String(row.row));
    try {
      if (!known) {
        checkInput(release, row.input);
        // A complete batch has had a run for each row: what is not there any more must not run again.
        if (batch.status === "completed") throw new RunPruned();
        await this.#start({ ...row, release, id, batch: batch.id, ...(effects ? { effects } : {}) });
      }
      tell({ type: "run", run: id, row: row.row, status: await this.#executor.settled(id) });
    } catch (error) {
      if (!(error instanceof FlyballError) || error.exitCode === 3) throw error;
      tell({ type: "refused", row: row.row, problem: error.message });
    }
  }

  /** A batch is in no hurry: where the queue is full, it waits. */
  async #start(request: StartRequest): Promise<void> {
    for (;;)
      try {
        await this.#executor.start(request);
        return;
      } catch (error) {
        if (!(error instanceof QueueFull)) throw error;
        await waited(this.#clock, error.retryAfterMs);
      }
  }

  /** A batch is complete when every row has been taken; runs that wait go on by themselves. */
  async #finish(batch: BatchRow): Promise<void> {
    const counts: Record<string, number> = {};
    for (const run of this.#control.batchRuns(batch.id)) counts[run.status] = (counts[run.status] ?? 0) + 1;
    await this.#journal.append([
      {
        stream: `batch/${batch.id}`,
        expectedSeq: null,
        actor: "engine",
        events: [{ type: "batch.completed", data: { counts } }],
      },
    ]);
  }
}
