import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  DiskFull,
  type EventRow,
  type JournalStorage,
  NotOwner,
  type Removal,
  type Seal,
  type Subtree,
} from "../../core/journal/index.ts";
import type { StoredChange } from "../../core/registry/index.ts";
import { applyChanges, type ControlStatements, controlStatements } from "./control.ts";
import { mergedChanges } from "./merged.ts";
import { busyTimeoutMs, type OwnedDatabase, translate } from "./open.ts";
import { schemaProblems } from "./schema-problems.ts";

/** Pages that one slice of tidying up gives back: 4 MB, some milliseconds. */
const tidyPages = 512;

/** Characters of bodies that one page of events holds, so that what is to be read next is not read in vain. */
const pageCharactersMax = 1024 * 1024;

interface Statements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly insert: StatementSync;
  readonly take: StatementSync;
  readonly last: StatementSync;
  readonly head: StatementSync;
  readonly stream: StatementSync;
  readonly all: StatementSync;
  readonly hashes: StatementSync;
  readonly blob: StatementSync;
  readonly putSeal: StatementSync;
  readonly seals: StatementSync;
  readonly lastSeal: StatementSync;
  readonly seal: StatementSync;
  readonly streams: StatementSync;
  readonly removeStream: StatementSync;
  readonly pruned: StatementSync;
  readonly removePruned: StatementSync;
  readonly putPruned: StatementSync;
}

const columns = "position, stream, seq, type, at, actor, salt, body, digest, hash";

/**
 * What the walk over all events reads. Numbers that no JavaScript number holds are there only when somebody
 * changed the file: they are bounded, so that `verify` names the event and nothing throws.
 */
const integerMax = Number.MAX_SAFE_INTEGER;
const bounded = (name: string) => `max(min(${name}, ${integerMax}), -${integerMax}) AS ${name}`;
const readable = columns.replace(" seq,", ` ${bounded("seq")},`).replace(" at,", ` ${bounded("at")},`);

function prepare(database: DatabaseSync): Statements {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    insert: database.prepare(`INSERT INTO events (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    take: database.prepare(`DELETE FROM events WHERE position = ? RETURNING ${columns}`),
    last: database.prepare(`SELECT max(position) AS position FROM events WHERE position <= ${integerMax}`),
    head: database.prepare("SELECT seq, hash FROM events WHERE stream = ? ORDER BY seq DESC LIMIT 1"),
    stream: database.prepare(`SELECT ${columns} FROM events WHERE stream = ? AND seq > ? ORDER BY seq`),
    all: database.prepare(
      `SELECT ${readable} FROM events WHERE position > ? AND position <= ${integerMax} ORDER BY position LIMIT ?`,
    ),
    hashes: database.prepare(
      `SELECT position, hash FROM events WHERE position > ? AND position <= ${integerMax} ORDER BY position LIMIT ?`,
    ),
    blob: database.prepare("SELECT 1 AS named FROM events WHERE digest = ? AND salt IS NOT NULL LIMIT 1"),
    putSeal: database.prepare(`INSERT INTO seals ("index", seal) VALUES (?, ?)`),
    seals: database.prepare(`SELECT seal FROM seals ORDER BY "index"`),
    lastSeal: database.prepare(`SELECT seal FROM seals ORDER BY "index" DESC LIMIT 1`),
    seal: database.prepare(`SELECT seal FROM seals WHERE "index" = ?`),
    streams: database.prepare(
      "SELECT DISTINCT stream FROM events WHERE stream >= ?1 AND stream < ?1 || char(0x10ffff) ORDER BY stream",
    ),
    removeStream: database.prepare("DELETE FROM events WHERE stream = ?"),
    pruned: database.prepare(
      `SELECT "from", "to", root FROM pruned WHERE "from" >= ? AND "from" <= ? ORDER BY "from"`,
    ),
    removePruned: database.prepare(`DELETE FROM pruned WHERE "from" >= ? AND "from" <= ?`),
    putPruned: database.prepare(`INSERT INTO pruned ("from", "to", root) VALUES (?, ?, ?)`),
  };
}

/**
 * The rows as far as they go up. In a damaged file, pages may have changed places; whoever walks by position
 * would go round in circles, and `problems` tells of it.
 */
function ascending<Row extends { readonly position: number }>(
  after: number,
  rows: readonly Row[],
): readonly Row[] {
  const end = rows.findIndex(({ position }, index) => position <= (rows[index - 1]?.position ?? after));
  return end < 0 ? rows : rows.slice(0, end);
}

/** The journal's storage in SQLite. Every statement of it is in this file and in `control.ts`. */
export class SqliteJournalStorage implements JournalStorage<StoredChange> {
  readonly #owned: OwnedDatabase;
  readonly #folder: string;
  readonly #statements: Statements;
  readonly #control: ControlStatements;

  constructor(owned: OwnedDatabase, folder: string) {
    this.#owned = owned;
    this.#folder = folder;
    this.#statements = prepare(owned.database);
    this.#control = controlStatements(owned.database);
  }

  commit(rows: readonly EventRow[], changes: readonly StoredChange[], removal: Removal): void {
    const write = () =>
      this.#transaction(() => {
        this.#remove(removal);
        for (const row of rows) this.#insert(row);
        applyChanges(this.#control, mergedChanges(changes));
      });
    const makesRoom = removal.erased.length > 0 || removal.streams.length > 0;
    if (makesRoom) this.#withReserve(write);
    else write();
  }

  /** What makes room may use the room that is kept for it. */
  #withReserve(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof DiskFull) || !this.#owned.reserve.release()) throw error;
      try {
        // On a full disk there is no room for more of the log: it is emptied before anything else.
        this.#emptyLog();
        write();
        this.#emptyLog();
        while (this.tidy());
      } finally {
        // What was written in vain holds the room that the reserve gave up, until the log is emptied.
        this.#emptyLog();
        this.#owned.reserve.take();
      }
    }
  }

  #remove({ erased, streams, pruned }: Removal): void {
    this.#erase(erased);
    for (const stream of streams) this.#statements.removeStream.run(stream);
    for (const { from, to, subtrees } of pruned) {
      this.#statements.removePruned.run(from, to);
      for (const subtree of subtrees) this.#statements.putPruned.run(subtree.from, subtree.to, subtree.root);
    }
  }

  /** All or nothing, for the owner only. */
  #transaction(work: () => void): void {
    const { database } = this.#owned;
    try {
      this.#statements.begin.run();
      if (!this.#owned.isOurs()) throw new NotOwner(this.#folder);
      work();
      this.#statements.commit.run();
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw translate(error, this.#folder);
    }
  }

  /**
   * The rows are taken out, all of them, and put back without their bodies: only so does SQLite fill its
   * pages anew. Updated in place, 300 characters a body gave no page back; so, half of all pages.
   */
  #erase(erased: Removal["erased"]): void {
    const bare = erased.flatMap(({ position, digest }) => {
      const row = this.#statements.take.get(position) as EventRow | undefined;
      return row ? [{ ...row, salt: null, body: null, digest }] : [];
    });
    for (const row of bare) this.#insert(row);
  }

  /**
   * Free pages go back to the disk a slice at a time; then the write-ahead log is emptied, for what was
   * erased must not live on in it (pages in use are wiped by `secure_delete`). What was removed is on
   * disk by now, so a failure here is left to the next time.
   */
  tidy(): boolean {
    const { database } = this.#owned;
    try {
      database.exec(`PRAGMA incremental_vacuum(${tidyPages})`);
      if (Number(database.prepare("PRAGMA freelist_count").get()?.freelist_count) > 0) return true;
    } catch {
      // The disk is full: the next pass of retention does it, or the close.
    }
    this.#emptyLog();
    this.#owned.reserve.take();
    return false;
  }

  /** A reader of another process may hold the log: this must not wait for it, or everything waits. */
  #emptyLog(): void {
    try {
      this.#owned.database.exec("PRAGMA busy_timeout=0; PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // The reader holds it, or the disk is full: it is emptied the next time.
    } finally {
      this.#owned.database.exec(`PRAGMA busy_timeout=${busyTimeoutMs}`);
    }
  }

  /** By `get`, which returns nothing here: `run` makes an object of each row's changes, a tenth of an insert. */
  #insert(row: EventRow): void {
    const { position, stream, seq, type, at, actor, salt, body, digest, hash } = row;
    this.#statements.insert.get(position, stream, seq, type, at, actor, salt, body, digest, hash);
  }

  /** A damaged page is told in our words wherever it is met; the rest of the file can still be read. */
  #reading<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw translate(error, this.#folder);
    }
  }

  lastPosition(): number {
    return this.#reading(() => Number(this.#statements.last.get()?.position ?? 0));
  }

  head(stream: string): { seq: number; hash: Uint8Array } | undefined {
    return this.#reading(
      () => this.#statements.head.get(stream) as { seq: number; hash: Uint8Array } | undefined,
    );
  }

  readStream(stream: string, afterSeq: number): readonly EventRow[] {
    return this.#reading(() => this.#statements.stream.all(stream, afterSeq) as unknown as EventRow[]);
  }

  readAll(afterPosition: number, limit: number): readonly EventRow[] {
    const rows: EventRow[] = [];
    let characters = 0;
    for (const found of this.#statements.all.iterate(afterPosition, limit)) {
      const row = found as unknown as EventRow;
      rows.push(row);
      characters += row.body?.length ?? 0;
      if (characters >= pageCharactersMax) break;
    }
    return ascending(afterPosition, rows);
  }

  streams(prefix: string): readonly string[] {
    return this.#statements.streams.all(prefix).map((row) => String(row.stream));
  }

  pruned(from: number, to: number): readonly Subtree[] {
    return this.#statements.pruned.all(from, to) as unknown as Subtree[];
  }

  hashes(afterPosition: number, limit: number): readonly Pick<EventRow, "position" | "hash">[] {
    return ascending(
      afterPosition,
      this.#statements.hashes.all(afterPosition, limit) as unknown as EventRow[],
    );
  }

  namesBlob(digest: Uint8Array): boolean {
    return this.#statements.blob.get(digest) !== undefined;
  }

  putSeal(seal: Seal): void {
    this.#transaction(() => void this.#statements.putSeal.run(seal.index, JSON.stringify(seal)));
  }

  seals(): readonly Seal[] {
    return this.#statements.seals.all().map((row) => JSON.parse(String(row.seal)));
  }

  lastSeal(): Seal | undefined {
    const row = this.#statements.lastSeal.get();
    return row && JSON.parse(String(row.seal));
  }

  sealAt(index: number): Seal | undefined {
    const row = this.#statements.seal.get(index);
    return row && JSON.parse(String(row.seal));
  }

  problems(): readonly string[] {
    const { database } = this.#owned;
    const rows = database.prepare("PRAGMA integrity_check(10)").all();
    const damage = rows.map((row) => String(row.integrity_check)).filter((line) => line !== "ok");
    const outside = database.prepare(
      `SELECT 1 AS found FROM events WHERE position NOT BETWEEN 1 AND ${integerMax} LIMIT 1`,
    );
    if (outside.get()) damage.push("an event stands where no position is");
    return [...damage, ...schemaProblems(database)];
  }

  close(): void {
    this.#owned.close();
  }
}
