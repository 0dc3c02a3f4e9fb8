import {
  type Clock,
  type FlyballError,
  InvalidJson,
  type JsonObject,
  jsonSliceCharacters,
  messageOf,
  randomBytes,
} from "../base/index.ts";
import { bodyDigestLatin1, eventHash, saltBytes, zeroHash } from "./encoding.ts";
import { CommitUnknown, DiskFull, JournalClosed, NotOwner, StaleAppend } from "./errors.ts";
import type {
  Append,
  BlobStore,
  Commit,
  Derive,
  EventRow,
  Forget,
  JournalStorage,
  Removal,
  StreamHead,
} from "./journal.ts";
import { bodyCharactersMax, bodyInlineCharactersMax, headsCachedMax } from "./limits.ts";

// Writer
// ======
// Takes appends as they come and commits them in groups.
//
// Invariants
//   J1. All appends of one turn of the event loop share a transaction (group commit), until their bodies
//       fill a slice; the rest follow in the next turn, in order.
//   J2. An append resolves only after the transaction that holds it is durable.
//   J3. An append is all or nothing. A stale one fails alone; its neighbours in the group do not.
//   J4. Positions and sequence numbers have no gaps: they are given only inside the flush.
//   J5. A blob is on disk before the event that names it.
//   J6. After a commit whose outcome is not known, nothing is written any more by this process.

interface Entry {
  readonly appends: readonly Append[];
  readonly removal: Removal | undefined;
  readonly at: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** An event on its way to disk: the row that is written, and the data that the control tables follow from. */
interface StagedEvent extends EventRow {
  readonly data: JsonObject;
}

interface Group<Change> {
  readonly events: StagedEvent[];
  readonly changes: Change[];
  /** What an entry of the group removes; one at a time does. */
  removal: Removal;
  /** Of all bodies. */
  characters: number;
  readonly written: Entry[];
}

export interface WriterOptions<Change> {
  readonly storage: JournalStorage<Change>;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly derive: Derive<Change>;
  readonly forget: Forget<Change>;
  /** Calls back once in the next turn of the event loop. */
  readonly schedule: (flush: () => void) => void;
  readonly onCommitted: (commit: Commit) => void;
  /** The outcome of a commit is not known, or the folder has another owner: the process should end. */
  readonly onFatal: (error: FlyballError) => void;
}

export class Writer<Change> {
  readonly #options: WriterOptions<Change>;
  readonly #heads = new Map<string, StreamHead>();
  #queue: Entry[] = [];
  #scheduled = false;
  #committing: Promise<void> | undefined;
  #lastPosition: number;
  #closed: FlyballError | undefined;

  constructor(options: WriterOptions<Change>) {
    this.#options = options;
    this.#lastPosition = options.storage.lastPosition();
  }

  get lastPosition(): number {
    return this.#lastPosition;
  }

  get isOpen(): boolean {
    return this.#closed === undefined;
  }

  /** `removal`: what goes in the same transaction. */
  append(appends: readonly Append[], removal?: Removal): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#queue.push({ appends, removal, at: this.#options.clock.now(), resolve, reject });
      this.#scheduleFlush();
    });
  }

  /** Commits what is queued and takes no more. Resolves with the failure that had ended it before. */
  async close(reason: string): Promise<FlyballError | undefined> {
    while (this.#queue.length > 0 || this.#committing) await (this.#committing ?? this.#flush());
    const failure = this.#closed;
    this.#closed ??= new JournalClosed(reason);
    return failure;
  }

  #scheduleFlush(): void {
    if (this.#scheduled || this.#committing) return;
    this.#scheduled = true;
    this.#options.schedule(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): Promise<void> | undefined {
    if (this.#committing || this.#queue.length === 0) return this.#committing;
    if (this.#heads.size > headsCachedMax) this.#forgetOldest();
    const group = this.#gather();
    this.#commit(group);
    if (this.#queue.length > 0) this.#scheduleFlush();
    return this.#committing;
  }

  #commit(group: Group<Change>): void {
    if (group.events.length === 0) return this.#tell(group, 0);
    const { clock, storage } = this.#options;
    const beganMs = clock.monotonic();
    try {
      const pending = storage.commit(group.events, group.changes, group.removal);
      if (!pending) return this.#committed(group, beganMs);
      this.#committing = pending
        .then(
          () => this.#committed(group, beganMs),
          (error) => this.#failed(group, error),
        )
        .finally(() => {
          this.#committing = undefined;
          if (this.#queue.length > 0) this.#scheduleFlush();
        });
    } catch (error) {
      this.#failed(group, error);
    }
  }

  /** Takes from the queue what one commit holds. */
  #gather(): Group<Change> {
    const group: Group<Change> = { events: [], changes: [], removal: noRemoval, characters: 0, written: [] };
    const entries = this.#queue;
    let taken = 0;
    for (const entry of entries) {
      if (group.characters >= jsonSliceCharacters) break;
      taken += 1;
      const refusal = this.#refusalOrError(entry);
      if (refusal) entry.reject(refusal);
      else this.#add(entry, group);
    }
    this.#queue = taken === entries.length ? [] : entries.slice(taken);
    return group;
  }

  /**
   * Ahead of the disk within a flush; a commit that fails forgets what it had advanced. That a stream has
   * no events is kept too: each new run is asked for twice, and the store's answer costs as much as an event.
   */
  #head(stream: string): StreamHead {
    let head = this.#heads.get(stream);
    if (!head) {
      head = this.#options.storage.head(stream) ?? noEvents;
      this.#heads.set(stream, head);
    }
    return head;
  }

  /** A head that cannot be read fails the append that needs it, and no other. */
  #refusalOrError(entry: Entry): unknown {
    try {
      return this.#refusal(entry);
    } catch (error) {
      return error;
    }
  }

  #refusal({ appends }: Entry): FlyballError | undefined {
    for (let index = 0; index < appends.length; index++) {
      const append = appends[index];
      if (!append || append.expectedSeq === null) continue;
      const { stream, expectedSeq } = append;
      const seq = this.#head(stream).seq + (index === 0 ? 0 : eventsBefore(appends, index, stream));
      if (seq !== expectedSeq) return new StaleAppend(stream, expectedSeq, seq);
    }
    return undefined;
  }

  #add(entry: Entry, group: Group<Change>): void {
    const [eventsBefore, changesBefore] = [group.events.length, group.changes.length];
    try {
      for (const append of entry.appends) this.#addAppend(append, entry.at, group);
      if (entry.removal) this.#addRemoval(entry.removal, group);
      group.written.push(entry);
    } catch (error) {
      group.events.length = eventsBefore;
      group.changes.length = changesBefore;
      for (const { stream } of entry.appends) this.#rewind(stream, group);
      entry.reject(error);
    }
  }

  #addRemoval(removal: Removal, group: Group<Change>): void {
    group.removal = removal;
    for (const stream of removal.streams) group.changes.push(...this.#options.forget(stream));
  }

  /** The head of a stream as the rest of the group leaves it. */
  #rewind(stream: string, { events }: Group<Change>): void {
    const last = events.findLast((event) => event.stream === stream);
    if (last) this.#heads.set(stream, { seq: last.seq, hash: last.hash });
    else this.#heads.delete(stream);
  }

  #addAppend({ stream, actor, events }: Append, at: number, group: Group<Change>): void {
    let { seq, hash } = this.#head(stream);
    for (const { type, data } of events) {
      seq += 1;
      const body = JSON.stringify(data);
      if (body.length > bodyCharactersMax)
        throw new InvalidJson(
          `the data of ${type}`,
          `it has ${body.length} characters, more than ${bodyCharactersMax}`,
        );
      group.characters += body.length;
      const salt = randomBytes(saltBytes);
      const digest = bodyDigestLatin1(salt, body);
      const position = this.#lastPosition + group.events.length + 1;
      hash = eventHash(hash, { position, stream, seq, type, at, actor }, digest);
      const blob = body.length > bodyInlineCharactersMax ? this.#putBlob(digest, body) : null;
      const event = {
        position,
        stream,
        seq,
        type,
        at,
        actor,
        salt,
        body: blob ? null : body,
        digest: blob,
        hash,
        data,
      };
      group.events.push(event);
      for (const change of this.#options.derive(event)) group.changes.push(change);
    }
    this.#heads.set(stream, { seq, hash });
  }

  #putBlob(digest: string, body: string): Uint8Array {
    const name = Buffer.from(digest, "latin1");
    this.#options.blobs.put(name, Buffer.from(body, "utf8"));
    return name;
  }

  #committed(group: Group<Change>, beganMs: number): void {
    const ms = this.#options.clock.monotonic() - beganMs;
    this.#lastPosition += group.events.length;
    for (const stream of group.removal.streams) this.#heads.delete(stream);
    // What is done with bodies that large is not added to the time that writing them took.
    if (group.characters < jsonSliceCharacters) this.#tell(group, ms);
    else this.#options.schedule(() => this.#tell(group, ms));
  }

  #tell({ written, events }: Group<Change>, ms: number): void {
    for (const entry of written) entry.resolve();
    if (events.length > 0) this.#options.onCommitted({ events, ms });
  }

  #forgetOldest(): void {
    let excess = this.#heads.size - headsCachedMax / 2;
    for (const stream of this.#heads.keys()) {
      if (excess-- <= 0) return;
      this.#heads.delete(stream);
    }
  }

  /** A definite refusal is told to each caller; anything else ends the writer (J6). */
  #failed(group: Group<Change>, error: unknown): void {
    for (const { stream } of group.events) this.#heads.delete(stream);
    const definite = error instanceof DiskFull;
    const told = definite || error instanceof NotOwner ? error : new CommitUnknown(messageOf(error));
    if (!definite) {
      this.#closed = told;
      for (const entry of this.#queue.splice(0)) entry.reject(told);
    }
    for (const entry of group.written) entry.reject(told);
    if (!definite) this.#options.onFatal(told);
  }
}

const noRemoval: Removal = { erased: [], streams: [], pruned: [] };
const noEvents: StreamHead = { seq: 0, hash: zeroHash };

/** How many events earlier appends of the same entry add to a stream. */
function eventsBefore(appends: readonly Append[], index: number, stream: string): number {
  return appends
    .slice(0, index)
    .reduce((sum, other) => sum + (other.stream === stream ? other.events.length : 0), 0);
}
