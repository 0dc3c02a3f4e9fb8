import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { AnswerStore, KeptAnswer } from "../../models/gateway/index.ts";

export interface AnswerLimits {
  readonly answersMax: number;
  /** Of the answers' own text. */
  readonly bytesMax: number;
}

const limitsDefault: AnswerLimits = { answersMax: 100_000, bytesMax: 256 * 1024 * 1024 };

/** So many of the oldest go at once, so that a full store is not made room in for each new answer. */
const evictedShare = 0.05;

export interface SqliteAnswers extends AnswerStore {
  close(): void;
}

/**
 * Models' answers that may be given again, in a file of their own: what is lost with it is only asked once
 * more, so it needs no sync of each answer, and a damaged file is begun anew. Opened when first needed.
 */
export function sqliteAnswers(file: string, limits: AnswerLimits = limitsDefault): SqliteAnswers {
  let opened: OpenAnswers | undefined;
  const open = () => {
    opened ??= openAnswers(file);
    return opened;
  };
  return {
    get: (key) => tolerated(() => open().get.get(key), answerOf),
    put: (key, answer) => tolerated(() => keep(open(), key, answer)),
    close() {
      opened?.database.close();
      opened = undefined;
    },
  };

  function keep(answers: OpenAnswers, key: string, { models, runId, path, at, reply }: KeptAnswer): void {
    const text = JSON.stringify(reply);
    const before = Number(answers.size.get(key)?.bytes ?? -1);
    answers.put.run(key, models, runId, path, at, text, text.length);
    answers.count += before < 0 ? 1 : 0;
    answers.bytes += text.length - Math.max(0, before);
    if (answers.count > limits.answersMax || answers.bytes > limits.bytesMax) evict(answers, limits);
  }
}

/** A full disk or a file in use must not cost anybody an answer that a model can give. */
function tolerated<T, R = void>(ask: () => T | undefined, read?: (found: T) => R): R | undefined {
  try {
    const found = ask();
    return found === undefined ? undefined : read?.(found);
  } catch {
    return undefined;
  }
}

interface OpenAnswers {
  readonly database: DatabaseSync;
  readonly get: StatementSync;
  readonly size: StatementSync;
  readonly put: StatementSync;
  readonly evict: StatementSync;
  readonly totals: StatementSync;
  count: number;
  bytes: number;
}

function openAnswers(file: string): OpenAnswers {
  mkdirSync(dirname(file), { recursive: true });
  try {
    return prepared(new DatabaseSync(file, { timeout: 1_000 }));
  } catch {
    for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(file + suffix, { force: true });
    return prepared(new DatabaseSync(file, { timeout: 1_000 }));
  }
}

function prepared(database: DatabaseSync): OpenAnswers {
  // An erased answer is overwritten: it may hold what a tenant asked.
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS answers (
      key TEXT PRIMARY KEY, models TEXT NOT NULL, runId TEXT NOT NULL, path TEXT NOT NULL,
      at INTEGER NOT NULL, reply TEXT NOT NULL, bytes INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS answers_at ON answers (at);`);
  const totals = database.prepare("SELECT count(*) AS count, total(bytes) AS bytes FROM answers");
  return {
    database,
    get: database.prepare("SELECT models, runId, path, at, reply FROM answers WHERE key = ?"),
    size: database.prepare("SELECT bytes FROM answers WHERE key = ?"),
    put: database.prepare(
      "INSERT OR REPLACE INTO answers (key, models, runId, path, at, reply, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
    evict: database.prepare(
      "DELETE FROM answers WHERE key IN (SELECT key FROM answers ORDER BY at, key LIMIT ?)",
    ),
    totals,
    ...totalsOf(totals),
  };
}

function totalsOf(totals: StatementSync): { count: number; bytes: number } {
  const row = totals.get();
  return { count: Number(row?.count), bytes: Number(row?.bytes) };
}

function evict(answers: OpenAnswers, { answersMax, bytesMax }: AnswerLimits): void {
  while (answers.count > 0 && (answers.count > answersMax || answers.bytes > bytesMax)) {
    answers.evict.run(Math.max(1, Math.ceil(answers.count * evictedShare)));
    Object.assign(answers, totalsOf(answers.totals));
  }
}

function answerOf(row: Record<string, unknown>): KeptAnswer {
  return {
    models: String(row.models),
    runId: String(row.runId),
    path: String(row.path),
    at: Number(row.at),
    reply: JSON.parse(String(row.reply)),
  };
}
