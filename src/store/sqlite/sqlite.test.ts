import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { journalConformance } from "../../core/journal/conformance.ts";
import {
  type Append,
  CommitUnknown,
  DiskFull,
  fileBlobs,
  type Journal,
  NotOwner,
} from "../../core/journal/index.ts";
import { reviewShown, reviewTable } from "../testing.ts";
import {
  DatabaseUnusable,
  FolderTaken,
  openOwned,
  SqliteControlStore,
  SqliteJournalStorage,
} from "./index.ts";
import { newFolder, note, opened, openJournal, rawEdit } from "./testing.ts";

journalConformance("sqlite", () => {
  const folder = newFolder();
  const owned = openOwned(folder);
  const control = new SqliteControlStore(owned.database);
  const storage = new SqliteJournalStorage(owned, folder);
  let isOpen = true;
  const close = storage.close.bind(storage);
  storage.close = () => {
    if (isOpen) close();
    isOpen = false;
  };
  opened.push(storage);
  const blobs = fileBlobs(join(folder, "blobs"));
  return { storage, blobs, ...reviewTable, shown: (name) => reviewShown(control, name) };
});

test("J2: an append resolves only when another connection can read its row", async (t) => {
  const { journal, file } = openJournal(t, newFolder());
  const reader = new DatabaseSync(file, { readOnly: true });
  t.after(() => reader.close());
  const count = () => Number(reader.prepare("SELECT count(*) AS n FROM events").get()?.n);
  const append = journal.append([note("a")]);
  assert.equal(count(), 0);
  await append;
  assert.equal(count(), 1);
});

test("J1: the appends of a turn share one transaction", async (t) => {
  const { journal, storage } = openJournal(t, newFolder());
  const sizes: number[] = [];
  const commit = storage.commit.bind(storage);
  storage.commit = (rows, changes, erased) => {
    sizes.push(rows.length);
    commit(rows, changes, erased);
  };
  await Promise.all(Array.from({ length: 40 }, (_, n) => journal.append([note(`s${n}`)])));
  await journal.append([note("later")]);
  assert.deepEqual(sizes, [40, 1]);
});

test("the database is in WAL mode and syncs each commit in full", (t) => {
  const { owned } = openJournal(t, newFolder());
  const pragma = (name: string) => Object.values(owned.database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  assert.deepEqual([pragma("journal_mode"), pragma("synchronous"), pragma("secure_delete")], ["wal", 2, 1]);
});

test("a folder that is opened again has everything, and goes on where it stopped", async (t) => {
  const folder = newFolder();
  const first = openJournal(t, folder, true);
  await first.journal.append([note("a", { text: "x".repeat(100_000) })]);
  await first.journal.close();
  const second = openJournal(t, folder);
  await second.journal.append([note("a"), note("b")]);
  const events = await second.journal.readAll(0, 10);
  assert.deepEqual(
    events.map(({ position, stream, seq }) => [position, stream, seq]),
    [
      [1, "a", 1],
      [2, "a", 2],
      [3, "b", 1],
    ],
  );
  const { ok, seals } = await second.journal.verify();
  assert.deepEqual([ok, seals], [true, 1]);
});

test("a second open of a folder is refused in one line, and works once the first is closed", async (t) => {
  const folder = newFolder();
  const { journal } = openJournal(t, folder, true);
  assert.throws(
    () => openOwned(folder),
    (error) => isOneLine(error, FolderTaken, folder),
  );
  await journal.close();
  openJournal(t, folder);
});

test("the first owner may not write any more once a second has raised the epoch", async (t) => {
  const { journal, file, fatal, storage } = openJournal(t, newFolder());
  await journal.append([note("a")]);
  rawEdit(file, "UPDATE meta SET value = value + 1 WHERE key = 'epoch'");
  await assert.rejects(journal.append([note("a"), note("run/x")]), NotOwner);
  await assert.rejects(journal.append([note("a")]), NotOwner);
  await assert.rejects(journal.seal(), NotOwner);
  assert.deepEqual(fatal, ["NOT_OWNER"]);
  assert.equal(storage.lastPosition(), 1);
  await journal.close();
  const database = new DatabaseSync(file, { readOnly: true });
  assert.equal(database.prepare("SELECT count(*) AS n FROM seals").get()?.n, 0);
  database.close();
});

test("whoever owns a folder can tell when it does not any more", () => {
  const folder = newFolder();
  const owned = openOwned(folder);
  assert.equal(owned.isOurs(), true);
  rawEdit(join(folder, "flyball.db"), "UPDATE meta SET value = value + 1 WHERE key = 'epoch'");
  assert.equal(owned.isOurs(), false);
  owned.close();
});

test("each open raises the epoch", async (t) => {
  const folder = newFolder();
  const epochs: number[] = [];
  for (let count = 0; count < 3; count++) {
    const { owned, journal } = openJournal(t, folder, true);
    epochs.push(owned.epoch);
    await journal.close();
  }
  assert.deepEqual(epochs, [1, 2, 3]);
});

function isOneLine(error: unknown, type: new (...parts: never[]) => Error, mentions: string): boolean {
  assert.ok(error instanceof type, `it was ${error}`);
  assert.ok(!error.message.includes("\n") && error.message.includes(mentions), error.message);
  return true;
}

function assertUnusable(folder: string, mentions: string): void {
  assert.throws(
    () => openOwned(folder),
    (error) => isOneLine(error, DatabaseUnusable, mentions),
  );
  // The refusal has let go of the lock.
  assert.throws(() => openOwned(folder), DatabaseUnusable);
}

test("a text file in the database's place is refused and stays as it is", () => {
  const folder = newFolder();
  writeFileSync(join(folder, "flyball.db"), "my shopping list\n".repeat(100));
  assertUnusable(folder, "it is not a SQLite database");
  assert.equal(readFileSync(join(folder, "flyball.db"), "utf8"), "my shopping list\n".repeat(100));
});

test("a database whose very first write was torn by a power loss is made anew", async (t) => {
  const [written, folder] = [newFolder(), newFolder()];
  const database = new DatabaseSync(join(written, "flyball.db"));
  // More than the cache holds, so that pages are written before the commit, with a journal to take them back.
  database.exec("PRAGMA cache_size=1; BEGIN; CREATE TABLE first (body TEXT)");
  database.exec("INSERT INTO first VALUES (hex(zeroblob(200000)))");
  copyFileSync(join(written, "flyball.db-journal"), join(folder, "flyball.db-journal"));
  const torn = readFileSync(join(written, "flyball.db")).fill(0, 0, 512);
  database.close();
  assert.ok(torn.length > 512);
  writeFileSync(join(folder, "flyball.db"), torn);
  const { journal } = openJournal(t, folder);
  await journal.append([note("s")]);
  assert.equal((await journal.verify()).ok, true);
});

test("another program's SQLite database is refused and stays as it is", () => {
  const folder = newFolder();
  rawEdit(
    join(folder, "flyball.db"),
    "CREATE TABLE songs (name TEXT); INSERT INTO songs VALUES ('Hey Jude')",
  );
  const before = readFileSync(join(folder, "flyball.db"));
  assertUnusable(folder, "another program made it");
  assert.deepEqual(readFileSync(join(folder, "flyball.db")), before);
});

test("the database of a newer Flyball is refused and stays as it is", async (t) => {
  const folder = newFolder();
  await openJournal(t, folder, true).journal.close();
  rawEdit(join(folder, "flyball.db"), "PRAGMA user_version=99");
  const before = readFileSync(join(folder, "flyball.db"));
  assertUnusable(folder, "a newer Flyball made it (format 99, this one knows ");
  assert.deepEqual(readFileSync(join(folder, "flyball.db")), before);
});

test("an append whose stream has a damaged page fails alone, in our words", async (t) => {
  const folder = newFolder();
  const first = openJournal(t, folder, true);
  const large = (stream: string) => note(stream, { text: "x".repeat(6_000) });
  for (const stream of ["a", "b", "c"]) await first.journal.append([large(stream)]);
  await first.journal.close();
  const file = join(folder, "flyball.db");
  const bytes = readFileSync(file);
  const pageBytes = bytes.readUInt16BE(16);
  const page = Math.floor(bytes.indexOf("note.made", bytes.indexOf("note.made") + 1) / pageBytes) * pageBytes;
  writeFileSync(file, bytes.fill(0x7f, page, page + pageBytes));
  const { journal } = openJournal(t, folder);
  const isDamaged = (error: unknown) => isOneLine(error, DatabaseUnusable, "it is damaged");
  const outcomes = await Promise.allSettled(
    ["a", "b", "c"].map((stream) => journal.append([{ ...note(stream), expectedSeq: 1 }])),
  );
  const failed = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  assert.ok(failed.length === 1 && isDamaged(failed[0]), `${failed.length} failed`);
  const streams = await Promise.allSettled(["a", "b", "c"].map((stream) => journal.read(stream)));
  assert.equal(streams.filter(({ status }) => status === "rejected").length, 1);
});

test("a damaged database, a folder in its place and a file in the folder's place are refused in one line", async (t) => {
  const folder = newFolder();
  await openJournal(t, folder, true).journal.close();
  const bytes = readFileSync(join(folder, "flyball.db"));
  writeFileSync(join(folder, "flyball.db"), bytes.fill(0xff, 100));
  assertUnusable(folder, "it is damaged");

  const other = newFolder();
  mkdirSync(join(other, "flyball.db"));
  assertUnusable(other, "flyball.db");

  const file = join(newFolder(), "home");
  writeFileSync(file, "a file");
  assert.throws(
    () => openOwned(file),
    (error) => isOneLine(error, DatabaseUnusable, file),
  );
});

test("an empty file is a fresh database", async (t) => {
  const folder = newFolder();
  writeFileSync(join(folder, "flyball.db"), "");
  const { journal } = openJournal(t, folder);
  await journal.append([note("a")]);
  assert.equal((await journal.verify()).ok, true);
});

test("a database that another program has locked is refused in one line", async (t) => {
  const folder = newFolder();
  const { journal, owned, file } = openJournal(t, folder);
  owned.database.exec("PRAGMA busy_timeout=0");
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  await assert.rejects(journal.append([note("a")]), (error) =>
    isOneLine(error, CommitUnknown, "has locked it"),
  );
  other.exec("ROLLBACK");
  other.close();
});

test("a full disk is a definite refusal: nothing is written, and it goes on once there is room", async (t) => {
  const { journal, owned, control, fatal } = openJournal(t, newFolder());
  await journal.append([note("a")]);
  const pages = Number(owned.database.prepare("PRAGMA page_count").get()?.page_count);
  owned.database.exec(`PRAGMA max_page_count=${pages}`);
  const command = { kind: "cancel", by: "x", reason: "y".repeat(20_000) };
  const big: Append = {
    stream: "command/c",
    expectedSeq: 0,
    actor: "local",
    events: [{ type: "command.received", data: { run: "r", ...command } }],
  };
  const outcomes = await Promise.allSettled([journal.append([big]), journal.append([note("b")])]);
  for (const outcome of outcomes)
    assert.ok(outcome.status === "rejected" && outcome.reason instanceof DiskFull);
  assert.deepEqual(
    [await journal.read("command/c"), control.inbox("r"), journal.lastPosition()],
    [[], [], 1],
  );
  await assert.rejects(journal.append([big]), DiskFull);
  owned.database.exec("PRAGMA max_page_count=1000000");
  await journal.append([big]);
  assert.deepEqual(
    control.inbox("r").map(({ id, position, run }) => ({ id, position, run })),
    [{ id: "c", position: 2, run: "r" }],
  );
  assert.deepEqual(fatal, []);
  assert.equal((await journal.verify()).ok, true);
});

test("J6: after a commit whose outcome is not known nothing is written any more", async (t) => {
  const { journal, owned, fatal, storage } = openJournal(t, newFolder());
  await journal.append([note("a")]);
  owned.database.exec("CREATE TRIGGER broken BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END");
  const outcomes = await Promise.allSettled([journal.append([note("a")]), journal.append([note("b")])]);
  for (const outcome of outcomes)
    assert.ok(outcome.status === "rejected" && outcome.reason instanceof CommitUnknown);
  owned.database.exec("DROP TRIGGER broken");
  await assert.rejects(journal.append([note("a")]), CommitUnknown);
  assert.deepEqual([fatal, storage.lastPosition()], [["COMMIT_UNKNOWN"], 1]);
});

/** Every byte that the data folder holds, in one string. */
function bytesOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")).join("");
}

test("what was erased is nowhere in the data folder, neither body nor salt", async (t) => {
  const folder = newFolder();
  const { journal } = openJournal(t, folder);
  for (let n = 0; n < 30; n++) {
    await journal.append([
      note("a", { text: `canary-${n} ${"x".repeat(n * 200)}` }),
      note("b", { text: `stays-${n}` }),
    ]);
  }
  await journal.append([note("a", { text: `canary-blob ${"x".repeat(100_000)}` })]);
  const salts = (await journal.read("a")).map(({ salt }) =>
    Buffer.from(salt ?? "", "hex").toString("latin1"),
  );
  assert.ok(bytesOf(folder).includes("canary-7") && bytesOf(folder).includes("canary-blob"));
  assert.ok(salts.every((salt) => bytesOf(folder).includes(salt)));
  await journal.erase({ streams: ["a"], keepTypes: new Set(), policy: "p", marks: [] });
  await journal.tidy();
  const bytes = bytesOf(folder);
  assert.ok(!bytes.includes("canary") && bytes.includes("stays-29"));
  assert.deepEqual(
    salts.filter((salt) => bytes.includes(salt)),
    [],
  );
  assert.equal((await journal.verify()).ok, true);
});

test("what was erased or pruned gives its room back to the disk", async (t) => {
  const remove: readonly ((journal: Journal) => Promise<number>)[] = [
    (journal) => journal.erase({ streams: ["a"], keepTypes: new Set(), policy: "p", marks: [] }),
    (journal) => journal.prune({ streams: ["a"], policy: "p", data: {} }),
  ];
  for (const from of remove) {
    const { journal, file } = openJournal(t, newFolder());
    for (let n = 0; n < 200; n++) await journal.append([note("a", { text: "x".repeat(60_000) })]);
    await journal.tidy();
    const before = statSync(file).size;
    await from(journal);
    await journal.tidy();
    assert.ok(before > 12_000_000 && statSync(file).size < 1_500_000, `${statSync(file).size} of ${before}`);
    assert.equal(statSync(`${file}-wal`).size, 0);
  }
});

test("a reader of another process does not hold up tidying; once it is gone, the log is emptied", async (t) => {
  const { journal, file, owned } = openJournal(t, newFolder());
  await journal.append([note("a", { text: "x".repeat(60_000) })]);
  const reader = new DatabaseSync(file, { readOnly: true });
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM events").get();
  await journal.append([note("a", { text: "x".repeat(60_000) })]);
  // Whoever waits for the reader waits for ever.
  owned.database.exec("PRAGMA busy_timeout=1000000");
  await journal.tidy();
  assert.ok(statSync(`${file}-wal`).size > 0);
  reader.close();
  await journal.tidy();
  assert.equal(statSync(`${file}-wal`).size, 0);
});

test("blobs of a crash between blob and commit are collected, and half-written ones", async (t) => {
  const folder = newFolder();
  const { journal, storage } = openJournal(t, folder);
  await journal.append([note("a", { text: "x".repeat(100_000) })]);
  const blobs = fileBlobs(join(folder, "blobs"));
  blobs.put(Buffer.alloc(32, 1), Buffer.from("orphan"));
  mkdirSync(join(folder, "blobs", "02"));
  writeFileSync(join(folder, "blobs", "02", `${"02".repeat(31)}.part`), "half");
  assert.equal(
    blobs.collect((digest) => storage.namesBlob(digest)),
    2,
  );
  assert.equal((await journal.verify()).ok, true);
});
