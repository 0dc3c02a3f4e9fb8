import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, type TestContext, test } from "node:test";
import { ManualClock, type Random, seededRandom } from "../../core/base/index.ts";
import { controlChanges } from "../../core/executor/index.ts";
import { journalConformance } from "../../core/journal/conformance.ts";
import {
  type Append,
  CommitUnknown,
  createJournal,
  DiskFull,
  fileBlobs,
  type Journal,
  NotOwner,
  newSealKey,
} from "../../core/journal/index.ts";
import { assetChange, assetShown } from "../testing.ts";
import {
  DatabaseUnusable,
  FolderTaken,
  openOwned,
  SqliteControlStore,
  SqliteJournalStorage,
} from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "flyball-sqlite-"));
const opened: { close(): void }[] = [];
after(() => {
  for (const database of opened) database.close();
  rmSync(root, { recursive: true, force: true });
});

function newFolder(): string {
  return mkdtempSync(join(root, "home-"));
}

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
  return { storage, blobs, change: assetChange, shown: (name) => assetShown(control, name) };
});

const key = newSealKey();

/** A journal over a folder, with the control tables of the executor; closed at the end of the test unless `isLeft`. */
function openJournal(t: TestContext, folder: string, isLeft = false) {
  const owned = openOwned(folder);
  const storage = new SqliteJournalStorage(owned, folder);
  const control = new SqliteControlStore(owned.database);
  const fatal: string[] = [];
  const journal = createJournal({
    storage,
    blobs: fileBlobs(join(folder, "blobs")),
    clock: new ManualClock(),
    key,
    derive: controlChanges,
    onFatal: ({ code }) => fatal.push(code),
  });
  if (!isLeft) t.after(() => journal.close().catch(() => undefined));
  return { owned, storage, control, journal, fatal, file: join(folder, "flyball.db") };
}

function note(stream: string, data: { readonly [key: string]: string | number } = { n: 1 }): Append {
  return { stream, expectedSeq: null, actor: "local", events: [{ type: "note.made", data }] };
}

function rawEdit(file: string, ...statements: readonly string[]): void {
  const database = new DatabaseSync(file);
  for (const statement of statements) database.exec(statement);
  database.close();
}

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
  assertUnusable(folder, "a newer Flyball made it (format 99, this one knows 1)");
  assert.deepEqual(readFileSync(join(folder, "flyball.db")), before);
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
  const bytes = bytesOf(folder);
  assert.ok(!bytes.includes("canary") && bytes.includes("stays-29"));
  assert.deepEqual(
    salts.filter((salt) => bytes.includes(salt)),
    [],
  );
  assert.equal((await journal.verify()).ok, true);
});

test("an erasure gives the room back", async (t) => {
  const { journal, owned } = openJournal(t, newFolder());
  const pragma = (name: string) => Number(owned.database.prepare(`PRAGMA ${name}`).get()?.[name]);
  const bytes = () => pragma("page_count") * pragma("page_size");
  await journal.append([note("a", { text: "x".repeat(60_000) }), note("a", { text: "y".repeat(60_000) })]);
  const before = bytes();
  await journal.erase({ streams: ["a"], keepTypes: new Set(), policy: "p", marks: [] });
  assert.ok(bytes() < before - 80_000, `${before} bytes before, ${bytes()} after`);
});

/** A journal of 30 events in 5 streams, sealed in two parts, in a folder that nobody has open. */
async function writtenFolder(t: TestContext): Promise<string> {
  const folder = newFolder();
  const { journal } = openJournal(t, folder, true);
  for (let n = 0; n < 20; n++) await journal.append([note(`s${n % 5}`, { n, text: `text ${n}` })]);
  await journal.seal();
  for (let n = 20; n < 30; n++) await journal.append([note(`s${n % 5}`, { n })]);
  await journal.close();
  return folder;
}

/** Verifies a folder as a start would, and says what was found. */
async function verifyFolder(t: TestContext, folder: string) {
  const { journal } = openJournal(t, folder, true);
  const result = await journal.verify();
  await journal.close().catch(() => undefined);
  return result;
}

const edits: readonly (readonly [what: string, firstBad: number, ...statements: string[]])[] = [
  ["a type", 7, "UPDATE events SET type = 'note.changed' WHERE position = 7"],
  ["a time", 7, "UPDATE events SET at = at + 1 WHERE position = 7"],
  ["a time that no number holds", 7, "UPDATE events SET at = 9223372036854775807 WHERE position = 7"],
  ["a time before 1970", 7, "UPDATE events SET at = -5 WHERE position = 7"],
  ["an actor", 7, "UPDATE events SET actor = 'somebody' WHERE position = 7"],
  ["a body", 7, "UPDATE events SET body = replace(body, 'text', 'tixt') WHERE position = 7"],
  ["white space in a body", 7, "UPDATE events SET body = body || ' ' WHERE position = 7"],
  ["a body with a NUL behind it", 7, "UPDATE events SET body = body || char(0) WHERE position = 7"],
  ["a body that is no JSON", 7, "UPDATE events SET body = '{' WHERE position = 7"],
  ["a body taken away", 7, "UPDATE events SET body = NULL WHERE position = 7"],
  ["a salt", 7, "UPDATE events SET salt = randomblob(16) WHERE position = 7"],
  ["a longer salt", 7, "UPDATE events SET salt = CAST(salt || x'00' AS BLOB) WHERE position = 7"],
  ["a salt taken away", 7, "UPDATE events SET salt = NULL WHERE position = 7"],
  ["a digest", 7, "UPDATE events SET digest = randomblob(32) WHERE position = 7"],
  ["a hash", 7, "UPDATE events SET hash = randomblob(32) WHERE position = 7"],
  ["a stream", 7, "UPDATE events SET stream = 'other' WHERE position = 7"],
  ["a number of a stream", 7, "UPDATE events SET seq = 99 WHERE position = 7"],
  ["a number that no number holds", 7, "UPDATE events SET seq = 9223372036854775807 WHERE position = 7"],
  ["an event moved to the end", 7, "UPDATE events SET position = 31 WHERE position = 7"],
  ["an event moved far out", 7, "UPDATE events SET position = 9223372036854775807 WHERE position = 7"],
  ["an event moved before the first", 30, "UPDATE events SET position = -1 WHERE position = 30"],
  ["an event taken away", 7, "DELETE FROM events WHERE position = 7"],
  ["the first event taken away", 1, "DELETE FROM events WHERE position = 1"],
  ["the last event taken away", 30, "DELETE FROM events WHERE position = 30"],
  ["the end cut off", 24, "DELETE FROM events WHERE position > 23"],
  ["everything taken away", 1, "DELETE FROM events"],
  [
    "an event put in before the first",
    0,
    "INSERT INTO events SELECT 0, stream, 7, type, at, actor, salt, body, digest, hash FROM events WHERE position = 7",
  ],
  [
    "an event put in at the end",
    31,
    "INSERT INTO events SELECT 31, stream, 7, type, at, actor, salt, body, digest, hash FROM events WHERE position = 7",
  ],
  [
    "an event put in and the others moved",
    8,
    "UPDATE events SET position = -position - 1 WHERE position > 7; UPDATE events SET position = -position WHERE position < 0",
    "INSERT INTO events SELECT 8, 'new', 1, type, at, actor, salt, body, digest, hash FROM events WHERE position = 7",
  ],
  [
    "two events that changed places",
    7,
    "UPDATE events SET position = -7 WHERE position = 7; UPDATE events SET position = 7 WHERE position = 8",
    "UPDATE events SET position = 8 WHERE position = -7",
  ],
  ["a seal", 1, `UPDATE seals SET seal = replace(seal, '"to":20', '"to":19') WHERE "index" = 1`],
  ["the first seal taken away", 21, `DELETE FROM seals WHERE "index" = 1`],
];

test("every edit of the database file is found, and the first event that does not fit is named", async (t) => {
  const folder = await writtenFolder(t);
  const file = join(folder, "flyball.db");
  const pristine = readFileSync(file);
  assert.ok(!existsSync(`${file}-wal`));
  assert.deepEqual((await verifyFolder(t, folder)).firstBad, null);
  for (const [what, position, ...statements] of edits) {
    writeFileSync(file, pristine);
    rawEdit(file, ...statements);
    const { ok, firstBad } = await verifyFolder(t, folder);
    assert.deepEqual([ok, firstBad?.position], [false, position], `${what}: ${JSON.stringify(firstBad)}`);
  }
});

/** One statement that changes one value of one event, drawn by chance. */
function randomEdit(random: Random): string {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random.next() * list.length)] as T;
  const position = 1 + Math.floor(random.next() * 30);
  const other = 1 + Math.floor(random.next() * 30);
  const changes = [
    `type = type || '${pick(["x", " ", "é"])}'`,
    `at = at ${pick(["+", "-"])} ${1 + Math.floor(random.next() * 1e6)}`,
    `actor = '${pick(["", "engine", "Local"])}'`,
    `body = substr(body, 1, ${1 + Math.floor(random.next() * 6)}) || ' ' || substr(body, 7)`,
    "salt = randomblob(16)",
    "salt = NULL",
    "body = NULL",
    "digest = randomblob(32)",
    "hash = randomblob(32)",
    `hash = (SELECT hash FROM events WHERE position = ${position === 1 ? 2 : position - 1})`,
    `stream = '${pick(["s9", "S1", "", "s1 "])}'`,
    `seq = seq + ${100 + Math.floor(random.next() * 100)}`,
    `position = ${31 + other}`,
  ];
  if (random.next() < 0.15) return `DELETE FROM events WHERE position = ${position}`;
  return `UPDATE events SET ${pick(changes)} WHERE position = ${position}`;
}

test("three hundred random edits of the database are each found", async (t) => {
  const folder = await writtenFolder(t);
  const { journal, owned } = openJournal(t, folder);
  const random = seededRandom("edits");
  for (let round = 0; round < 300; round++) {
    const edit = randomEdit(random);
    owned.database.exec(`SAVEPOINT pristine; ${edit}`);
    const { ok } = await journal.verify();
    owned.database.exec("ROLLBACK TO pristine; RELEASE pristine");
    assert.equal(ok, false, `round ${round}: ${edit}`);
  }
  assert.equal((await journal.verify()).ok, true);
});

test("a damaged page of an index is told by verify", async (t) => {
  const folder = await writtenFolder(t);
  const file = join(folder, "flyball.db");
  const database = new DatabaseSync(file);
  const page = Number(
    database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'runs_started'").get()?.rootpage,
  );
  const size = Number(database.prepare("PRAGMA page_size").get()?.page_size);
  database.close();
  writeFileSync(file, readFileSync(file).fill(0x7f, (page - 1) * size, page * size));
  const { ok, firstBad } = await verifyFolder(t, folder);
  assert.deepEqual([ok, firstBad?.position], [false, 0]);
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

test("a journal that is closed can be verified with its head by whoever exported it", async (t) => {
  const folder = await writtenFolder(t);
  const exported = await headOf(openJournal(t, folder, true).journal);
  rawEdit(
    join(folder, "flyball.db"),
    "DELETE FROM events WHERE position > 20",
    `DELETE FROM seals WHERE "index" > 1`,
  );
  const { journal } = openJournal(t, folder);
  assert.equal((await journal.verify()).ok, true);
  const { ok, firstBad } = await journal.verify(undefined, exported);
  assert.deepEqual([ok, firstBad?.position], [false, 21]);
});

async function headOf(journal: Journal) {
  const head = (await journal.seals()).at(-1);
  await journal.close();
  assert.ok(head);
  return head;
}
