import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { assert, randomBytes } from "../../core/base/index.ts";
import type { Hit, Passage, SearchIndexes } from "../../models/retrieval/index.ts";

/** How many index files stay open; the least recently asked is closed first. */
const openIndexesMax = 32;

/** A hit in a title says more than one in the text; on SciFact any weight from 1 to 3 scores the same. */
const titleWeight = 2;

/**
 * Search indexes as SQLite files with FTS5, one file a snapshot, in one folder. `unicode61` folds accents
 * in every script; `porter` takes English endings off and leaves other languages as they are.
 * FTS5 ranks by BM25 with k1 = 1.2 and b = 0.75, which it does not let one change.
 */
export function sqliteSearchIndexes(folder: string): SearchIndexes {
  const open = new Map<string, DatabaseSync>();
  const fileOf = (snapshot: string) => join(folder, `${snapshot}.db`);
  const database = (snapshot: string): DatabaseSync => {
    const found = open.get(snapshot) ?? new DatabaseSync(fileOf(snapshot), { readOnly: true });
    open.delete(snapshot);
    open.set(snapshot, found);
    for (const [oldest, other] of open) {
      if (open.size <= openIndexesMax) break;
      open.delete(oldest);
      other.close();
    }
    return found;
  };
  return {
    has: (snapshot) =>
      open.has(snapshot) || statSync(fileOf(snapshot), { throwIfNoEntry: false }) !== undefined,
    build(snapshot, passages) {
      assert(/^[0-9a-f]{64}$/.test(snapshot), "a snapshot is named by its SHA-256");
      mkdirSync(folder, { recursive: true });
      writeIndex(fileOf(snapshot), passages);
    },
    search: (snapshot, terms, limit) => searchIndex(database(snapshot), terms, limit),
    list: (snapshot, limit) => listIndex(database(snapshot), limit),
    close() {
      for (const other of open.values()) other.close();
      open.clear();
    },
  };
}

/** Writes beside, then renames: whoever finds the file finds a whole one, also after a crash. */
function writeIndex(file: string, passages: Iterable<Passage>): void {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const database = new DatabaseSync(temporary);
    try {
      fillIndex(database, passages);
    } finally {
      database.close();
    }
    renameSync(temporary, file);
  } catch (error) {
    for (const suffix of ["", "-journal"]) rmSync(temporary + suffix, { force: true });
    throw error;
  }
}

function fillIndex(database: DatabaseSync, passages: Iterable<Passage>): void {
  database.exec(`
    PRAGMA synchronous = FULL;
    CREATE TABLE passages (
      rowid INTEGER PRIMARY KEY, id TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL
    );
    CREATE VIRTUAL TABLE words USING fts5 (
      title, text, content = 'passages', tokenize = 'porter unicode61 remove_diacritics 2'
    );
    BEGIN`);
  const insert = database.prepare("INSERT INTO passages (id, title, text, source) VALUES (?, ?, ?, ?)");
  for (const { id, title, text, source } of passages) insert.run(id, title, text, source);
  database.exec(`
    INSERT INTO words (words) VALUES ('rebuild');
    INSERT INTO words (words) VALUES ('optimize');
    COMMIT`);
}

/** Each term stands in quotes, where FTS5 reads nothing as syntax; a quote within is doubled. */
function searchIndex(database: DatabaseSync, terms: readonly string[], limit: number): readonly Hit[] {
  const match = terms.map((term) => `"${term.replaceAll('"', '""')}"`).join(" OR ");
  const rows = database
    .prepare(
      `SELECT p.id, p.title, p.text, p.source, -best.score AS score
       FROM (SELECT rowid, bm25(words, ?, 1.0) AS score FROM words WHERE words MATCH ? ORDER BY score, rowid LIMIT ?) AS best
       JOIN passages AS p ON p.rowid = best.rowid
       ORDER BY best.score, best.rowid`,
    )
    .all(titleWeight, match, limit);
  return rows.map((row) => ({ ...passageOf(row), score: Number(row.score) }));
}

function listIndex(database: DatabaseSync, limit: number): readonly Passage[] {
  return database
    .prepare("SELECT id, title, text, source FROM passages ORDER BY rowid LIMIT ?")
    .all(limit)
    .map(passageOf);
}

function passageOf(row: Record<string, unknown>): Passage {
  return { id: String(row.id), title: String(row.title), text: String(row.text), source: String(row.source) };
}
