import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ControlChange } from "../../core/executor/index.ts";
import {
  DiskFull,
  type Erasure,
  type EventRow,
  type JournalStorage,
  NotOwner,
  type Seal,
} from "../../core/journal/index.ts";
import { applyChanges, type ControlStatements, controlStatements } from "./control.ts";
import { type OwnedDatabase, translate } from "./open.ts";

interface Statements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly epoch: StatementSync;
  readonly insert: StatementSync;
  readonly erase: StatementSync;
  readonly last: StatementSync;
  readonly head: StatementSync;
  readonly stream: StatementSync;
  readonly all: StatementSync;
  readonly hashes: StatementSync;
  readonly blob: StatementSync;
  readonly putSeal: StatementSync;
  readonly seals: StatementSync;
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
    epoch: database.prepare("SELECT value FROM meta WHERE key = 'epoch'"),
    insert: database.prepare(`INSERT INTO events (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    erase: database.prepare("UPDATE events SET salt = NULL, body = NULL, digest = ? WHERE position = ?"),
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
  };
}

/** The journal's storage in SQLite. Every statement of it is in this file and in `control.ts`. */
export class SqliteJournalStorage implements JournalStorage<ControlChange> {
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

  commit(rows: readonly EventRow[], changes: readonly ControlChange[], erased: readonly Erasure[]): void {
    const write = () =>
      this.#transaction(() => {
        for (const row of rows) this.#insert(row);
        for (const { position, digest } of erased) this.#statements.erase.run(digest, position);
        applyChanges(this.#control, changes);
      });
    if (erased.length === 0) return write();
    try {
      this.#withReserve(write);
      this.#forgetPages();
    } finally {
      this.#owned.reserve.take();
    }
  }

  /** What makes room may use the room that is kept for it. */
  #withReserve(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof DiskFull) || !this.#owned.reserve.release()) throw error;
      this.#forgetPages();
      write();
    }
  }

  /** All or nothing, for the owner only. */
  #transaction(work: () => void): void {
    const { database } = this.#owned;
    try {
      this.#statements.begin.run();
      if (Number(this.#statements.epoch.get()?.value) !== this.#owned.epoch) throw new NotOwner(this.#folder);
      work();
      this.#statements.commit.run();
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw translate(error, this.#folder);
    }
  }

  /**
   * What was erased must not live on in the write-ahead log or in free pages (pages in use are wiped by
   * `secure_delete`). The erasure itself is on disk by now, so a failure here is left to the next time.
   * The log goes first, as on a full disk there is no room for more of it.
   */
  #forgetPages(): void {
    for (const pragma of ["wal_checkpoint(TRUNCATE)", "incremental_vacuum", "wal_checkpoint(TRUNCATE)"])
      try {
        this.#owned.database.exec(`PRAGMA ${pragma}`);
      } catch {
        // A reader holds the log, or the disk is full: the next erasure or the close does it.
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
    return this.#statements.all.all(afterPosition, limit) as unknown as EventRow[];
  }

  hashes(afterPosition: number, limit: number): readonly Pick<EventRow, "position" | "hash">[] {
    return this.#statements.hashes.all(afterPosition, limit) as unknown as EventRow[];
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

  problems(): readonly string[] {
    const { database } = this.#owned;
    const rows = database.prepare("PRAGMA integrity_check(10)").all();
    const damage = rows.map((row) => String(row.integrity_check)).filter((line) => line !== "ok");
    const outside = database.prepare(
      `SELECT 1 AS found FROM events WHERE position NOT BETWEEN 1 AND ${integerMax} LIMIT 1`,
    );
    return outside.get() ? [...damage, "an event stands where no position is"] : damage;
  }

  close(): void {
    this.#owned.close();
  }
}
