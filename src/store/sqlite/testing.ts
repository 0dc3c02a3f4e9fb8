import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, type TestContext } from "node:test";
import { ManualClock } from "../../core/base/index.ts";
import { controlChanges, forgottenRows } from "../../core/executor/index.ts";
import { type Append, createJournal, fileBlobs, newSealKey } from "../../core/journal/index.ts";
import { openOwned, SqliteControlStore, SqliteJournalStorage } from "./index.ts";

// Folders and journals for the tests of this folder.

const root = mkdtempSync(join(tmpdir(), "flyball-sqlite-"));
export const opened: { close(): void }[] = [];
after(() => {
  for (const database of opened) database.close();
  rmSync(root, { recursive: true, force: true });
});

export function newFolder(): string {
  return mkdtempSync(join(root, "home-"));
}

const key = newSealKey();

/** A journal over a folder, with the control tables of the executor; closed at the end of the test unless `isLeft`. */
export function openJournal(t: TestContext, folder: string, isLeft = false) {
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
    forget: forgottenRows,
    onFatal: ({ code }) => fatal.push(code),
  });
  if (!isLeft) t.after(() => journal.close().catch(() => undefined));
  return { owned, storage, control, journal, fatal, file: join(folder, "flyball.db") };
}

export function note(stream: string, data: { readonly [key: string]: string | number } = { n: 1 }): Append {
  return { stream, expectedSeq: null, actor: "local", events: [{ type: "note.made", data }] };
}

export function rawEdit(file: string, ...statements: readonly string[]): void {
  const database = new DatabaseSync(file);
  for (const statement of statements) database.exec(statement);
  database.close();
}

/** Changes words in the bodies of a stream behind the journal's back; how many bodies had them. */
export function tamper(
  home: string,
  { stream, from, to }: { readonly stream: string; readonly from: string; readonly to: string },
): number {
  const database = new DatabaseSync(join(home, "flyball.db"));
  const changing = database.prepare(
    "UPDATE events SET body = replace(body, ?1, ?2) WHERE stream = ?3 AND instr(body, ?1) > 0",
  );
  const { changes } = changing.run(from, to, stream);
  database.close();
  return Number(changes);
}
