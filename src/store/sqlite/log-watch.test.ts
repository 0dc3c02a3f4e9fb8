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
  const told: string[] = [];
  const watch = new LogWatch(folder, (message) => told.push(message), 20 * mib);
  const look = () => {
    watch.look();
    watch.look();
    return told.splice(0);
  };
  const write = (megabytes: number) =>
    Promise.all(Array.from({ length: megabytes * 16 }, () => journal.append([note("a", { text })])));

  await write(22);
  assert.deepEqual([watch.warnings, look()], [[], []]);

  const reader = new DatabaseSync(file, { readOnly: true });
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM events").get();
  await write(22);
  assert.match(String(watch.warnings), /flyball\.db-wal has \d\d MiB: another program reads .* end it/);
  assert.deepEqual(look(), watch.warnings);
  await write(34);
  assert.deepEqual([look(), look()], [watch.warnings, []]);

  reader.close();
  await journal.tidy();
  assert.deepEqual([watch.warnings, look()], [[], []]);
});
