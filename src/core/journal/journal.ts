import type { JsonObject } from "../base/index.ts";
import type { Subtree } from "./merkle.ts";

/** One fact, as it stands in the journal. Nothing else in the project is truth. */
export interface JournalEvent {
  /** Its place among all events, from 1, without gaps. */
  readonly position: number;
  /** The thing that it is about: `run/…`, `review/…`, `asset/…`, `batch/…`. No personal data. */
  readonly stream: string;
  /** Its place in the stream, from 1, without gaps. */
  readonly seq: number;
  /** `noun.past_verb`; permanent once written. */
  readonly type: string;
  /** Wall-clock milliseconds since 1970; for people and statistics, never for order. */
  readonly at: number;
  /** Who made it true: `engine`, `local`, later a user or a key. */
  readonly actor: string;
  /** Null when retention erased it. */
  readonly data: JsonObject | null;
  /** Hash of the event before it in the stream, 64 hexadecimal digits; zeros for the first. */
  readonly prev: string;
  readonly hash: string;
  /** Hides the body behind its digest: without salt and body, the digest tells nothing. Null when erased. */
  readonly salt: string | null;
  /** Digest of an erased body, so that the chain still verifies; null while the body is there. */
  readonly digest: string | null;
}

export interface NewEvent {
  readonly type: string;
  readonly data: JsonObject;
}

export interface Append {
  readonly stream: string;
  /** How many events the stream must have now; null appends at its end, whatever it is. */
  readonly expectedSeq: number | null;
  readonly actor: string;
  readonly events: readonly NewEvent[];
}

/** An event on its way to disk: everything but the chain, which is made at the flush. */
export interface PendingEvent extends NewEvent {
  readonly position: number;
  readonly stream: string;
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
}

/** What one transaction has made durable, for whoever measures. */
export interface Commit {
  readonly events: readonly PendingEvent[];
  /** How long the storage took, its fsync included. */
  readonly ms: number;
}

/**
 * What must change in the control tables because of an event. Pure: the tables are a fold of the
 * journal, kept in the same transaction, and can be made again from it.
 */
export type Derive<Change> = (event: PendingEvent) => readonly Change[];

/** What leaves the control tables with a stream that is pruned: the rows that its events had made. Pure. */
export type Forget<Change> = (stream: string) => readonly Change[];

export interface Journal {
  /**
   * Appends to any number of streams, all or nothing. Resolves after the events are on disk (fsync);
   * rejects with `StaleAppend` when a stream does not have the expected length, `DiskFull` when there
   * is no room (nothing is written), `JournalClosed` after the journal has ended.
   */
  append(appends: readonly Append[]): Promise<void>;
  /**
   * The events of one stream, in order, after `afterSeq` (default 0). What is decided follows from them, so
   * each is held against its hash: rejects with `EventDamaged` when one is not what was written.
   */
  read(stream: string, afterSeq?: number): Promise<readonly JournalEvent[]>;
  /**
   * Up to `limit` events of all streams with a position above `afterPosition`, in order, as they stand; fewer
   * when their bodies are large, and none only at the end.
   */
  readAll(afterPosition: number, limit: number): Promise<readonly JournalEvent[]>;
  /** All events from a position on, then each new one as it is committed, until the signal aborts. */
  follow(afterPosition: number, signal: AbortSignal): AsyncGenerator<JournalEvent>;
  /** The position of the newest event; 0 when there is none. */
  lastPosition(): number;
  /** Whether it takes events; once it does not, this process never writes again. */
  isOpen(): boolean;
  /** Checks every event and seal, and that an exported head is still there; see `Verification`. */
  verify(onProgress?: (done: number, total: number) => void, head?: Seal): Promise<Verification>;
  /** Signs what came since the last seal. Undefined when nothing did. */
  seal(): Promise<Seal | undefined>;
  seals(): Promise<readonly Seal[]>;
  /** The newest seal, which is the head. */
  lastSeal(): Seal | undefined;
  /** Erases bodies and salts of finished streams, leaving hashes and one event that says so. */
  erase(request: EraseRequest): Promise<number>;
  /**
   * Removes finished streams whole, leaving the roots of their subtrees under the seals, and one event
   * with range, count and policy. Resolves with the number of events.
   */
  prune(request: PruneRequest): Promise<number>;
  /** What stands in the place of pruned events, in order: without it, a copy of the events has gaps. */
  pruned(): Promise<readonly Subtree[]>;
  /** The names of the streams that begin so. */
  streams(prefix: string): Promise<readonly string[]>;
  /** Gives what erasing and pruning has freed back to the disk, and leaves no copy of it behind. */
  tidy(): Promise<void>;
  /** Until it is released, nothing is erased or pruned: for whoever reads all of it in several steps. */
  hold(): Promise<() => void>;
  /** Commits what is queued, seals, and closes the store. */
  close(): Promise<void>;
}

/** A signed statement about a range of positions. The newest one is the journal's head. */
export interface Seal {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  /** Merkle root over the hashes of the events `from` to `to`, in order. */
  readonly root: string;
  /** Hash of the seal before it; zeros for the first. */
  readonly prev: string;
  readonly at: number;
  readonly hash: string;
  /** Ed25519 over `hash`, base64. */
  readonly signature: string;
}

export interface Verification {
  readonly ok: boolean;
  readonly events: number;
  /** How many of the events retention has removed, when it has. */
  readonly pruned?: number;
  readonly seals: number;
  readonly head: Seal | null;
  /** The first event that does not fit, by position; null when all do. */
  readonly firstBad: {
    readonly position: number;
    readonly stream: string;
    readonly seq: number;
    readonly reason: string;
  } | null;
}

export interface EraseRequest {
  readonly streams: readonly string[];
  /** Types whose bodies stay: decisions have a clock of their own. */
  readonly keepTypes: ReadonlySet<string>;
  /** Positions whose bodies stay, whatever their type. */
  readonly keep?: ReadonlySet<number>;
  /** Named in the event that remains. */
  readonly policy: string;
  /** Events of the owner's own that mark what was erased, in the same transaction. */
  readonly marks: readonly Append[];
}

export interface PruneRequest {
  readonly streams: readonly string[];
  /** Named in the event that remains, beside what the owner of the streams says there. */
  readonly policy: string;
  readonly data: JsonObject;
}

/** An event as the store keeps it. `body` is JSON text; null when it is a blob or erased. */
export interface EventRow {
  readonly position: number;
  readonly stream: string;
  readonly seq: number;
  readonly type: string;
  readonly at: number;
  readonly actor: string;
  readonly salt: Uint8Array | null;
  readonly body: string | null;
  /** Set when the body is not in the row: the name of its blob, or what remains of it. */
  readonly digest: Uint8Array | null;
  readonly hash: Uint8Array;
}

/** An event whose body and salt give way to a digest. */
export interface Erasure {
  readonly position: number;
  readonly digest: Uint8Array;
}

/** What leaves the journal with a commit. */
export interface Removal {
  readonly erased: readonly Erasure[];
  /** Streams whose events go whole. */
  readonly streams: readonly string[];
  /** The subtrees of pruned events, all that there are now, within the range of each seal concerned. */
  readonly pruned: readonly {
    readonly from: number;
    readonly to: number;
    readonly subtrees: readonly Subtree[];
  }[];
}

export interface StreamHead {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/**
 * What a database must do for the journal. Thin: chain, group commit and verification are written
 * once, in this folder; `store/` holds one implementation for each database.
 */
export interface JournalStorage<Change> {
  /**
   * One transaction, durable on return. Refuses with `DiskFull` (nothing written) or `NotOwner` (another
   * process has taken the folder since); anything else thrown means that the outcome is not known.
   */
  commit(rows: readonly EventRow[], changes: readonly Change[], removal: Removal): void | Promise<void>;
  lastPosition(): number;
  head(stream: string): StreamHead | undefined;
  readStream(stream: string, afterSeq: number): readonly EventRow[];
  /** Up to `limit`; fewer when they are large, and none only at the end. */
  readAll(afterPosition: number, limit: number): readonly EventRow[];
  /** In order, without repeats. */
  streams(prefix: string): readonly string[];
  /** The subtrees of pruned events within a range of positions, in order. */
  pruned(from: number, to: number): readonly Subtree[];
  /** Of the same events, only what a seal needs: a fraction of the work. */
  hashes(afterPosition: number, limit: number): readonly Pick<EventRow, "position" | "hash">[];
  /** Whether an event has its body in the blob of this digest. */
  namesBlob(digest: Uint8Array): boolean;
  /** Durable on return; refuses as `commit` does. */
  putSeal(seal: Seal): void;
  seals(): readonly Seal[];
  lastSeal(): Seal | undefined;
  sealAt(index: number): Seal | undefined;
  /** A slice of tidying up, short enough for one turn of the event loop; true while there is more. */
  tidy(): boolean;
  /** Problems of the file itself, for `verify`; empty when it is sound. */
  problems(): readonly string[];
  close(): void;
}

/** Bodies too large for a row. A blob is on disk, under its digest, before the event that names it. */
export interface BlobStore {
  put(digest: Uint8Array, bytes: Uint8Array): void;
  get(digest: Uint8Array): Uint8Array | undefined;
  remove(digest: Uint8Array): void;
  /** Removes blobs that no event names: what a crash between blob and commit leaves behind. */
  collect(isNamed: (digest: Uint8Array) => boolean): number;
}
