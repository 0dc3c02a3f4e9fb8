import assert from "node:assert/strict";
import { statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DiskFull } from "../../core/journal/index.ts";
import { newFolder, note, openJournal } from "./testing.ts";

const megabyte = 1024 * 1024;

test("the reserve is taken once, given up once, and filled up where a part is missing", (t) => {
  const folder = newFolder();
  const { reserve } = openJournal(t, folder).owned;
  const bytes = () => statSync(join(folder, "reserve")).size;
  assert.equal(reserve.release(), false);
  reserve.take();
  reserve.take();
  assert.equal(bytes(), 4 * megabyte);
  truncateSync(join(folder, "reserve"), megabyte + 1);
  reserve.take();
  assert.equal(bytes(), 4 * megabyte);
  assert.deepEqual([reserve.release(), reserve.release()], [true, false]);
});

test("an erasure may use the reserve, and nothing else may", async (t) => {
  const { journal, owned } = openJournal(t, newFolder());
  const { database, reserve } = owned;
  for (const stream of ["a", "b"]) await journal.append([note(stream, { text: "x".repeat(20_000) })]);
  // Full for as long as the reserve is there: what its room is worth, SQLite is told by hand.
  const release = reserve.release.bind(reserve);
  reserve.release = () => {
    const isThere = release();
    if (isThere) database.exec("PRAGMA max_page_count=1000000");
    return isThere;
  };
  const pages = Number(database.prepare("PRAGMA page_count").get()?.page_count);
  database.exec(`PRAGMA max_page_count=${pages}`);
  const erase = (stream: string) => {
    const marks = [note("marks", { text: "y".repeat(30_000) })];
    return journal.erase({ streams: [stream], keepTypes: new Set(), policy: "p", marks });
  };
  await assert.rejects(erase("a"), DiskFull);
  reserve.take();
  await assert.rejects(journal.append([note("c", { text: "z".repeat(60_000) })]), DiskFull);
  assert.equal(await erase("a"), 1);
  assert.equal(reserve.release(), true, "it was taken back");
  assert.deepEqual((await journal.read("a"))[0]?.data, null);
  assert.equal((await journal.verify()).ok, true);
});
