import {
  type Clock,
  type FlyballError,
  type JsonObject,
  jsonSliceCharacters,
  nextTurn,
  OneByOne,
  Pace,
} from "../base/index.ts";
import { contentProblem } from "./content.ts";
import { zeroHash } from "./encoding.ts";
import { EventDamaged } from "./errors.ts";
import type {
  BlobStore,
  Commit,
  Derive,
  EraseRequest,
  EventRow,
  Forget,
  Journal,
  JournalEvent,
  JournalStorage,
  PruneRequest,
  Seal,
  Verification,
} from "./journal.ts";
import { bodyInlineCharactersMax, pageEvents, sealEventsMax } from "./limits.ts";
import type { Subtree } from "./merkle.ts";
import { planErasure, planPruning, type RemovalPlan, rowsOf } from "./removal.ts";
import { makeSeal, type SealKey } from "./seal.ts";
import { Verifier } from "./verify.ts";
import { Writer } from "./writer.ts";

export interface JournalOptions<Change> {
  readonly storage: JournalStorage<Change>;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly key: SealKey;
  readonly derive: Derive<Change>;
  /** Default: nothing follows from a stream that would have to go with it. */
  readonly forget?: Forget<Change>;
  /** Default: `setImmediate`, which is one turn of the event loop. */
  readonly schedule?: (flush: () => void) => void;
  readonly onFatal?: (error: FlyballError) => void;
  /** Told of each commit once it is durable, before those who follow. */
  readonly onCommitted?: (commit: Commit) => void;
}

/** The journal over a storage: chain, group commit, seals and verification, the same for every database. */
export function createJournal<Change>(options: JournalOptions<Change>): Journal {
  return new StoredJournal(options);
}

class StoredJournal<Change> implements Journal {
  readonly #storage: JournalStorage<Change>;
  readonly #blobs: BlobStore;
  readonly #clock: Clock;
  readonly #key: SealKey;
  readonly #writer: Writer<Change>;
  readonly #listeners = new Set<() => void>();
  /** The last of those that remove something, or that must see all of it. */
  /** What one takes away, another must not count, or miss in what it has half read. */
  readonly #alone = new OneByOne();
  /** Each seal follows from the one before it. */
  readonly #sealing = new OneByOne();

  constructor(options: JournalOptions<Change>) {
    this.#storage = options.storage;
    this.#blobs = options.blobs;
    this.#clock = options.clock;
    this.#key = options.key;
    this.#writer = new Writer({
      ...options,
      forget: options.forget ?? (() => []),
      schedule: options.schedule ?? ((flush) => void setImmediate(flush)),
      onCommitted: (commit) => {
        options.onCommitted?.(commit);
        this.#notify();
      },
      onFatal: options.onFatal ?? (() => {}),
    });
  }

  append: Journal["append"] = (appends) => this.#writer.append(appends);

  lastPosition(): number {
    return this.#writer.lastPosition;
  }

  async read(stream: string, afterSeq = 0): Promise<readonly JournalEvent[]> {
    const rows = this.#storage.readStream(stream, afterSeq);
    const before = afterSeq > 0 ? this.#storage.readStream(stream, afterSeq - 1)[0] : undefined;
    // At once, as the rows are: between turns, retention may take a blob away.
    const blobs = rows.map((row) => this.#blobOf(row));
    const pace = new Pace(jsonSliceCharacters);
    const events: JournalEvent[] = [];
    let prev = before?.hash ?? zeroHash;
    for (const [index, row] of rows.entries()) {
      const blob = blobs[index];
      const problem =
        row.seq === afterSeq + index + 1
          ? contentProblem(row, prev, () => blob)
          : `event ${afterSeq + index + 1} of its stream is missing`;
      if (problem) throw new EventDamaged(row.position, problem);
      events.push(this.#event(row, prev, blob));
      prev = row.hash;
      const turn = pace.after(row.body?.length ?? blob?.length ?? 0);
      if (turn) await turn;
    }
    return events;
  }

  async readAll(afterPosition: number, limit: number): Promise<readonly JournalEvent[]> {
    const heads = new Map<string, Uint8Array>();
    const events: JournalEvent[] = [];
    const pace = new Pace(jsonSliceCharacters);
    for (const row of this.#storage.readAll(afterPosition, limit)) {
      const prev = heads.get(row.stream) ?? this.#hashBefore(row);
      heads.set(row.stream, row.hash);
      const blob = this.#blobOf(row);
      events.push(this.#event(row, prev, blob));
      const turn = pace.after(row.body?.length ?? blob?.length ?? 0);
      // No more than a slice: after the turn, the rest may not be there any more as it was read.
      if (turn) return turn.then(() => events);
    }
    return events;
  }

  #hashBefore(row: EventRow): Uint8Array {
    if (row.seq === 1) return zeroHash;
    return this.#storage.readStream(row.stream, row.seq - 2)[0]?.hash ?? zeroHash;
  }

  isOpen(): boolean {
    return this.#writer.isOpen;
  }

  async *follow(afterPosition: number, signal: AbortSignal): AsyncGenerator<JournalEvent> {
    let position = afterPosition;
    while (!signal.aborted) {
      const page = await this.readAll(position, pageEvents);
      for (const event of page) {
        if (signal.aborted) return;
        yield event;
        position = event.position;
      }
      if (page.length === 0) await this.#nextCommit(position, signal);
    }
  }

  #nextCommit(position: number, signal: AbortSignal): Promise<void> {
    if (this.lastPosition() > position || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#listeners.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#listeners.add(done);
      signal.addEventListener("abort", done);
    });
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  verify(onProgress?: (done: number, total: number) => void, head?: Seal): Promise<Verification> {
    return this.#alone.take(() => this.#verify(onProgress, head));
  }

  async #verify(onProgress?: (done: number, total: number) => void, head?: Seal): Promise<Verification> {
    const total = this.lastPosition();
    const verifier = new Verifier({
      seals: this.#storage.seals(),
      pruned: this.#storage.pruned(1, total),
      publicKey: this.#key.publicKey,
      blob: (digest) => this.#blobs.get(digest),
    });
    const pace = new Pace(jsonSliceCharacters);
    for (let after = 0; ; ) {
      const rows = this.#storage.readAll(after, pageEvents);
      for (const row of rows) {
        verifier.check(row);
        const turn = pace.after(row.body?.length ?? bodyInlineCharactersMax);
        if (turn) await turn;
      }
      const last = rows.at(-1);
      if (!last) break;
      after = last.position;
      onProgress?.(after, total);
      await nextTurn();
    }
    return verifier.finish({ problems: this.#storage.problems(), ...(head ? { head } : {}) });
  }

  /** One after the other, as each seal follows from the one before it. */
  seal(): Promise<Seal | undefined> {
    return this.#sealing.take(() => this.#seal());
  }

  lastSeal(): Seal | undefined {
    return this.#storage.lastSeal();
  }

  /** Between its steps the event loop has a turn, for a minute under load is a million events; what comes meanwhile waits. */
  async #seal(): Promise<Seal | undefined> {
    const until = this.lastPosition();
    let last = this.#storage.lastSeal();
    const before = last;
    for (;;) {
      const after = last?.to ?? 0;
      const rows = this.#storage.hashes(after, Math.max(0, Math.min(sealEventsMax, until - after)));
      const [first, final] = [rows[0], rows.at(-1)];
      if (!first || !final) return last === before ? undefined : last;
      const range = {
        from: first.position,
        to: final.position,
        at: this.#clock.now(),
        events: rows,
      };
      await nextTurn();
      last = makeSeal(this.#key, last, range);
      this.#storage.putSeal(last);
      await nextTurn();
    }
  }

  async seals(): Promise<readonly Seal[]> {
    return this.#storage.seals();
  }

  erase(request: EraseRequest): Promise<number> {
    return this.#alone.take(async () => {
      const plan = planErasure(request, this.#storage);
      return plan.rows.length === 0 && request.marks.length === 0 ? 0 : this.#remove(plan);
    });
  }

  prune(request: PruneRequest): Promise<number> {
    return this.#alone.take(async () => {
      // What is read before the seal is under it; what a stream gets after that refuses the plan as stale.
      const rows = rowsOf(request.streams, this.#storage);
      await this.seal();
      const plan = planPruning(request, rows, this.#storage);
      return plan.rows.length === 0 ? 0 : this.#remove(plan);
    });
  }

  async #remove({ appends, removal, rows }: RemovalPlan): Promise<number> {
    await this.#writer.append(appends, removal);
    for (const row of rows) if (row.digest && row.salt) this.#blobs.remove(row.digest);
    return rows.length;
  }

  hold(): Promise<() => void> {
    return new Promise((resolve) => {
      void this.#alone.take(() => new Promise<void>((release) => resolve(release)));
    });
  }

  async pruned(): Promise<readonly Subtree[]> {
    return this.#storage.pruned(1, this.lastPosition());
  }

  async streams(prefix: string): Promise<readonly string[]> {
    return this.#storage.streams(prefix);
  }

  async tidy(): Promise<void> {
    while (this.#storage.tidy()) await nextTurn();
  }

  async close(): Promise<void> {
    const failure = await this.#writer.close("it was closed");
    try {
      if (failure) await this.#sealing.take(async () => {});
      else await this.seal();
    } finally {
      this.#storage.close();
    }
  }

  #event(row: EventRow, prev: Uint8Array, blob = this.#blobOf(row)): JournalEvent {
    const { position, stream, seq, type, at, actor } = row;
    return {
      position,
      stream,
      seq,
      type,
      at,
      actor,
      data: dataOf(row, blob),
      prev: hex(prev),
      hash: hex(row.hash),
      salt: row.salt ? hex(row.salt) : null,
      digest: row.digest && !row.salt ? hex(row.digest) : null,
    };
  }

  /** The body of an event that has it in a blob. */
  #blobOf({ body, salt, digest }: EventRow): Uint8Array | undefined {
    return body === null && salt && digest ? this.#blobs.get(digest) : undefined;
  }
}

function dataOf(row: EventRow, blob: Uint8Array | undefined): JsonObject | null {
  if (!row.salt) return null;
  const body = row.body ?? (blob && Buffer.from(blob).toString("utf8"));
  if (body === undefined) throw new EventDamaged(row.position, "its body is missing");
  try {
    return JSON.parse(body);
  } catch {
    throw new EventDamaged(row.position, "its body is not JSON");
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
