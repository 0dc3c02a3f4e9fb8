import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../core/base/index.ts";
import { DiskFull, makeFolderDurably } from "../../core/journal/index.ts";
import { DatabaseUnusable, FolderTaken } from "./errors.ts";
import { Reserve } from "./reserve.ts";
import { migrations } from "./schema.ts";

/** An open database that this process owns: the lock ends with the process, however it ends. */
export interface OwnedDatabase {
  readonly database: DatabaseSync;
  /** Raised by each start; every commit checks that it is still this one. */
  readonly epoch: number;
  readonly reserve: Reserve;
  /** Whether the folder is still this process's, or another one has taken it since. */
  isOurs(): boolean;
  close(): void;
}

/**
 * Opens (or makes) `flyball.db` in a folder and becomes its owner. The lock is an exclusive transaction
 * held on `owner.lock`, which is a lock of the operating system on that file.
 */
export function openOwned(folder: string): OwnedDatabase {
  makeFolder(folder);
  const lock = takeLock(folder);
  const reserve = new Reserve(folder);
  try {
    const { database, epoch } = openWithReserve(folder, reserve);
    const stored = database.prepare("SELECT value FROM meta WHERE key = 'epoch'");
    return {
      database,
      epoch,
      reserve,
      isOurs: () => Number(stored.get()?.value) === epoch,
      close() {
        database.close();
        lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** To open is to write a little. On a full disk the reserve makes room, so that what is there can be read and erased. */
function openWithReserve(folder: string, reserve: Reserve): { database: DatabaseSync; epoch: number } {
  const open = () => {
    const database = openDatabase(join(folder, "flyball.db"), folder);
    return { database, epoch: raiseEpoch(database, folder) };
  };
  try {
    return open();
  } catch (error) {
    if (error instanceof DatabaseUnusable || !reserve.release()) throw error;
  }
  try {
    return open();
  } finally {
    reserve.take();
  }
}

function makeFolder(folder: string): void {
  try {
    makeFolderDurably(folder);
  } catch (error) {
    throw new DatabaseUnusable(folder, messageOf(error));
  }
}

function takeLock(folder: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(folder, "owner.lock"), { timeout: 0 });
    // Nothing is ever committed to it, and a journal in a file would need room on a full disk.
    lock.exec("PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    if (sqliteCode(error) === sqliteBusy) throw new FolderTaken(folder);
    throw translate(error, folder);
  }
}

/** How long a statement waits for another program that has locked the database. */
export const busyTimeoutMs = 5_000;

function openDatabase(file: string, folder: string): DatabaseSync {
  let database: DatabaseSync;
  try {
    // With a journal beside it, a power loss has torn the very first write, and SQLite takes it back.
    if (existsSync(file) && !existsSync(`${file}-journal`) && !isSqliteFile(file))
      throw new DatabaseUnusable(file, "it is not a SQLite database");
    database = new DatabaseSync(file, { timeout: busyTimeoutMs, defensive: true });
  } catch (error) {
    throw error instanceof DatabaseUnusable ? error : new DatabaseUnusable(file, messageOf(error));
  }
  try {
    const fresh = database.prepare("SELECT count(*) AS n FROM sqlite_master").get()?.n === 0;
    // Before anything is set: a database that is not ours stays as it is.
    const version = formatOf(database, file, fresh);
    if (fresh) database.exec("PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL");
    // FULL by hand: in WAL mode some builds default to NORMAL, which loses acknowledged commits.
    database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864");
    database.exec("PRAGMA wal_autocheckpoint=2000; PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY");
    // What retention erases is overwritten, not only unlinked.
    database.exec("PRAGMA secure_delete=ON");
    migrate(database, version);
    return database;
  } catch (error) {
    database.close();
    throw error instanceof DatabaseUnusable ? error : translate(error, folder);
  }
}

const applicationId = 0x466c7962;

/** The format of a database that is ours to use; refuses any other. */
function formatOf(database: DatabaseSync, file: string, fresh: boolean): number {
  const id = Number(database.prepare("PRAGMA application_id").get()?.application_id);
  if (!fresh && id !== applicationId) throw new DatabaseUnusable(file, "another program made it");
  const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
  if (version > migrations.length)
    throw new DatabaseUnusable(
      file,
      `a newer Flyball made it (format ${version}, this one knows ${migrations.length})`,
    );
  return version;
}

function migrate(database: DatabaseSync, version: number): void {
  for (let next = version; next < migrations.length; next++) {
    database.exec(
      `BEGIN IMMEDIATE; ${migrations[next]}; PRAGMA user_version=${next + 1}; PRAGMA application_id=${applicationId}; COMMIT`,
    );
  }
}

function raiseEpoch(database: DatabaseSync, folder: string): number {
  const sql =
    "INSERT INTO meta (key, value) VALUES ('epoch', '1') ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value";
  try {
    return Number(database.prepare(sql).get()?.value);
  } catch (error) {
    database.close();
    throw translate(error, folder);
  }
}

function isSqliteFile(file: string): boolean {
  const descriptor = openSync(file, "r");
  try {
    const head = Buffer.alloc(16);
    const length = readSync(descriptor, head);
    return length === 0 || head.toString("latin1") === "SQLite format 3\0";
  } finally {
    closeSync(descriptor);
  }
}

// SQLite's primary result codes (https://sqlite.org/rescode.html).
const sqliteBusy = 5;
const sqliteLocked = 6;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteCannotOpen = 14;
const sqliteNotADatabase = 26;

function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return undefined;
  return Number(error.errcode) & 0xff;
}

/** SQLite's errors in our words; the one place where they are mapped. */
export function translate(error: unknown, folder: string): unknown {
  const file = join(folder, "flyball.db");
  switch (sqliteCode(error)) {
    case sqliteFull:
      return new DiskFull(folder);
    case sqliteBusy:
    case sqliteLocked:
      return new DatabaseUnusable(file, "another program has locked it; close that program and start again");
    case sqliteCorrupt:
    case sqliteNotADatabase:
      return new DatabaseUnusable(
        file,
        "it is damaged; restore a backup, or start in another folder with --home DIR",
      );
    case sqliteCannotOpen:
      return new DatabaseUnusable(
        file,
        "it cannot be opened; check that the folder exists and may be written",
      );
    default:
      return error;
  }
}
