import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { type Random, seededRandom } from "../../core/base/index.ts";
import type { Journal } from "../../core/journal/index.ts";
import { newFolder, note, openJournal, rawEdit } from "./testing.ts";

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

test("pages of events that changed places are told by verify, which comes to an end", async (t) => {
  const folder = newFolder();
  const first = openJournal(t, folder, true);
  for (let n = 0; n < 40; n++) await first.journal.append([note(`s${n}`, { n, text: "x".repeat(3_000) })]);
  await first.journal.close();
  const file = join(folder, "flyball.db");
  const pristine = readFileSync(file);
  const pageBytes = pristine.readUInt16BE(16);
  const isLeafOfEvents = (page: number) => {
    const content = pristine.subarray(page * pageBytes, (page + 1) * pageBytes);
    return content[0] === 13 && content.includes("note.made");
  };
  const leaves = Array.from({ length: pristine.length / pageBytes - 1 }, (_, index) => index + 1).filter(
    isLeafOfEvents,
  );
  assert.ok(leaves.length >= 5, `${leaves.length} leaves`);
  for (const [one, other] of [
    [0, 1],
    [0, -1],
    [1, 3],
    [-2, -1],
  ] as const) {
    const [from, to] = [leaves.at(one) ?? 0, leaves.at(other) ?? 0].map((page) => page * pageBytes);
    const swapped = Buffer.from(pristine);
    pristine.copy(swapped, from, to, (to ?? 0) + pageBytes);
    pristine.copy(swapped, to, from, (from ?? 0) + pageBytes);
    writeFileSync(file, swapped);
    const { ok } = await verifyFolder(t, folder);
    assert.equal(ok, false, `pages ${one} and ${other}`);
  }
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

test("a schema that is not the one that was made is told by verify", async (t) => {
  const folder = await writtenFolder(t);
  const file = join(folder, "flyball.db");
  const bytes = readFileSync(file);
  const condition = "WHERE status = 'pending'";
  bytes.write(condition.replace("pending", "pendinG"), bytes.indexOf(condition));
  writeFileSync(file, bytes);
  const { journal } = openJournal(t, folder);
  const { ok, firstBad } = await journal.verify();
  assert.equal(ok, false);
  assert.match(String(firstBad?.reason), /definition of deliveries_due/);
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
