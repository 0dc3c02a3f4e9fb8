import type { ControlChange } from "../../src/core/executor/index.ts";
import {
  DiskFull,
  type EventRow,
  type JournalStorage,
  NotOwner,
  type Removal,
} from "../../src/core/journal/index.ts";
import { MemoryControlStore, MemoryJournalStorage } from "../../src/store/memory/index.ts";

/** What the next commit comes to. */
export type CommitOutcome = "written" | "full" | "unknown, written" | "unknown, lost";

export class CommitInterrupted extends Error {
  override readonly name = "CommitInterrupted";
}

interface Transaction {
  readonly epoch: number;
  readonly rows: readonly EventRow[];
  readonly changes: readonly ControlChange[];
  readonly removal: Removal;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The disk, with the transactions of an embedded database: all or nothing, in order, for the owner of the
 * newest epoch only, and nothing of one is seen before it is on disk. In its `later` mode a commit is
 * under way until the scheduler says what came of it; whoever does not wait for that loses it in a crash.
 */
export class SimulatedStore {
  readonly control = new MemoryControlStore();
  readonly #storage = new MemoryJournalStorage(this.control);
  readonly #answersLater: boolean;
  readonly #onCommitted: (rows: readonly EventRow[]) => void;
  #pending: Transaction[] = [];
  #epoch = 0;
  /** For commits that answer at once. */
  nextOutcome: CommitOutcome = "written";
  /** Commits of a process that no longer owns the store, each of them refused. */
  refused = 0;

  constructor(answersLater: boolean, onCommitted: (rows: readonly EventRow[]) => void) {
    this.#answersLater = answersLater;
    this.#onCommitted = onCommitted;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  readStream(stream: string): readonly EventRow[] {
    return this.#storage.readStream(stream, 0);
  }

  /** The storage as a new owner has it; every earlier owner is refused from here on. */
  open(epoch: number): JournalStorage<ControlChange> {
    this.#epoch = epoch;
    const storage = this.#storage;
    return {
      commit: (rows, changes, removal) => this.#commit({ epoch, rows, changes, removal }),
      lastPosition: () => storage.lastPosition(),
      head: (stream) => storage.head(stream),
      readStream: (stream, afterSeq) => storage.readStream(stream, afterSeq),
      readAll: (afterPosition, limit) => storage.readAll(afterPosition, limit),
      hashes: (afterPosition, limit) => storage.hashes(afterPosition, limit),
      streams: (prefix) => storage.streams(prefix),
      pruned: (from, to) => storage.pruned(from, to),
      namesBlob: (digest) => storage.namesBlob(digest),
      putSeal: (seal) => {
        this.#fence(epoch);
        storage.putSeal(seal);
      },
      seals: () => storage.seals(),
      lastSeal: () => storage.lastSeal(),
      sealAt: (index) => storage.sealAt(index),
      tidy: () => storage.tidy(),
      problems: () => [],
      close: () => {},
    };
  }

  /** What comes of the oldest commit under way. */
  finish(outcome: CommitOutcome): void {
    const transaction = this.#pending.shift();
    if (!transaction) return;
    try {
      this.#end(transaction, outcome);
      transaction.resolve();
    } catch (error) {
      transaction.reject(error);
    }
  }

  /** The owner of an epoch has gone: of what it had under way, the first so many reached the disk. */
  crash(epoch: number, kept: number): void {
    const own = this.#pending.filter((transaction) => transaction.epoch === epoch);
    this.#pending = this.#pending.filter((transaction) => transaction.epoch !== epoch);
    if (epoch === this.#epoch) for (const transaction of own.slice(0, kept)) this.#apply(transaction);
  }

  #commit(parts: Omit<Transaction, "resolve" | "reject">): void | Promise<void> {
    this.#fence(parts.epoch);
    if (this.#answersLater)
      return new Promise((resolve, reject) => this.#pending.push({ ...parts, resolve, reject }));
    const outcome = this.nextOutcome;
    this.nextOutcome = "written";
    this.#end({ ...parts, resolve: () => {}, reject: () => {} }, outcome);
  }

  #end(transaction: Transaction, outcome: CommitOutcome): void {
    this.#fence(transaction.epoch);
    if (outcome === "full") throw new DiskFull("the simulated folder");
    if (outcome !== "unknown, lost") this.#apply(transaction);
    if (outcome !== "written") throw new CommitInterrupted("the connection broke");
  }

  #fence(epoch: number): void {
    if (epoch === this.#epoch) return;
    this.refused += 1;
    throw new NotOwner("the simulated folder");
  }

  #apply({ rows, changes, removal }: Transaction): void {
    this.#storage.commit(rows, changes, removal);
    this.#onCommitted(rows);
  }
}
