/**
 * store/sqlite: the embedded store. One file, one owner, fsync on every commit.
 *
 * What: the journal's storage, the control tables, the full-text indexes and the models' answers that may
 * be given again, on `node:sqlite`.
 * Owns: every SQL statement of the embedded store, the schema and its migrations, the owner's lock.
 * Promises: WAL with `synchronous=FULL`; a commit is durable on return; each commit checks the epoch;
 * SQLite's error codes are translated in `open.ts` and nowhere else; on a full
 * disk, what is there can be read and erased.
 * Read first: `schema.ts`, then `journal.ts`.
 */
export { sqliteAnswers } from "./answers.ts";
export { SqliteControlStore } from "./control.ts";
export { DatabaseUnusable, FolderTaken } from "./errors.ts";
export { SqliteJournalStorage } from "./journal.ts";
export { LogWatch } from "./log-watch.ts";
export { type OwnedDatabase, openOwned } from "./open.ts";
export { sqliteSearchIndexes } from "./search.ts";
