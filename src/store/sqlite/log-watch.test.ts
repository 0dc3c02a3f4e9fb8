import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { LogWatch } from "./log-watch.ts";
import { newFolder, note, openJournal } from "./testing.ts";

const mib = 1024 * 1024;
const text = "x".repeat(60_000);

test("a log that a reader of another program keeps from being emptied is told, once and when it has doubled", async (t) => {
  const folder = newFolder();
  const { journal, file } = openJournal(t, folder);
  const watch = new LogWatch(folder, 20 * mib);
  const write = (megabytes: number) =>
    Promise.all(Array.from({ length: megabytes * 16 }, () => journal.append([note("a", { text })])));

  await write(22);
  assert.deepEqual([watch.warning(), watch.news()], [undefined, undefined]);

  const reader = new DatabaseSync(file, { readOnly: true });
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM events").get();
  await write(22);
  assert.match(watch.warning() ?? "", /flyball\.db-wal has \d\d MiB: another program reads .* end it/);
  assert.equal(watch.news(), watch.warning());
  assert.equal(watch.news(), undefined);
  await write(34);
  assert.match(watch.news() ?? "", /has \d\d MiB/);

  reader.close();
  await journal.tidy();
  assert.deepEqual([watch.warning(), watch.news()], [undefined, undefined]);
});
