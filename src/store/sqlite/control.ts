import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type {
  AssetRow,
  BatchRow,
  ControlStore,
  FigureFilter,
  FoundRuns,
  InboxRow,
  QueuedRun,
  RateRow,
  ReviewRow,
  RunFigure,
  RunFilter,
  RunRow,
  SpendingStore,
  Standing,
  SwitchRow,
  WakeExceptions,
} from "../../core/executor/index.ts";
import type { StoredChange } from "../../core/registry/index.ts";
import { alertColumns, sqliteAlerts } from "./alerts.ts";
import { decisionTimes, runFigures, standing } from "./figures.ts";
import { type Query, queries, type Row, Where } from "./query.ts";
import { registryColumns, SqliteRegistryStore } from "./registry.ts";
import { findRuns } from "./run-search.ts";
import {
  addSpending,
  forgetSpending,
  type SpendingStatements,
  spendingStatements,
  sqliteSpending,
} from "./spending.ts";

const runColumns = [
  "id", "workflow", "version", "release", "status", "startedAt", "updatedAt", "endedAt", "batch", "batchRow",
  "parent", "tags", "error", "waitingFor", "waitingKey", "waitingSince", "deadline", "dueAt", "lane", "rank",
  "expiresAt", "erased", "shadowOf", "costUsd",
]; // biome-ignore format: one list
const reviewColumns = [
  "id", "run", "path", "workflow", "status", "assignee", "requestedAt", "deadline", "escalated", "decidedAt",
]; // biome-ignore format: one list
const inboxColumns = ["id", "position", "run", "command"];
const batchColumns = [
  "id", "workflow", "inputDigest", "name", "generation", "version", "release", "rows", "status", "startedAt",
]; // biome-ignore format: one list
const assetColumns = ["digest", "kind", "name", "at"];
const rateColumns = ["name", "moment"];
const switchColumns = ["id", "mode", "by", "reason", "since"];

const columnsOf = {
  runs: runColumns,
  reviews: reviewColumns,
  inbox: inboxColumns,
  batches: batchColumns,
  assets: assetColumns,
  rates: rateColumns,
  switches: switchColumns,
  ...registryColumns,
  ...alertColumns,
  budgets: ["id", "definition", "declaredAt"],
  reservations: ["id", "budget", "period", "key", "amount", "unit", "run", "path", "at"],
};
type Table = keyof typeof columnsOf;

/** What becomes of a row that is there already; of the others there is none, and one would be a mistake. */
const conflicts: Partial<Record<Table, string>> = {
  assets: "OR IGNORE",
  rates: "OR REPLACE",
  switches: "OR REPLACE",
  labels: "OR REPLACE",
  approvals: "OR REPLACE",
  budgets: "OR REPLACE",
};

export interface ControlStatements {
  readonly database: DatabaseSync;
  readonly puts: ReadonlyMap<string, StatementSync>;
  readonly removals: ReadonlyMap<string, StatementSync>;
  readonly rateRemoval: StatementSync;
  /** Of every row of a run. */
  readonly runRemovals: ReadonlyMap<string, StatementSync>;
  /** Updates by table and set of columns; there are few such sets, so each is prepared once. */
  readonly updates: Map<string, StatementSync>;
  readonly spending: SpendingStatements;
}

export function controlStatements(database: DatabaseSync): ControlStatements {
  const puts = new Map<string, StatementSync>();
  for (const [table, columns] of Object.entries(columnsOf)) {
    const names = columns.map((name) => `"${name}"`).join(", ");
    const marks = columns.map(() => "?").join(", ");
    const conflict = conflicts[table as Table] ?? "";
    puts.set(table, database.prepare(`INSERT ${conflict} INTO ${table} (${names}) VALUES (${marks})`));
  }
  const removal = (column: string) => (table: string) =>
    [table, database.prepare(`DELETE FROM ${table} WHERE ${column} = ?`)] as const;
  return {
    database,
    puts,
    updates: new Map(),
    spending: spendingStatements(database),
    removals: new Map(
      ["runs", "reviews", "inbox", "switches", "budgets", "reservations", "uses", "labels", "approvals"].map(
        removal("id"),
      ),
    ),
    rateRemoval: database.prepare("DELETE FROM rates WHERE moment <= ?"),
    runRemovals: new Map(["arms", "scores"].map(removal("run"))),
  };
}

/** Applies changes of control tables, inside the transaction of the events that they follow from. */
export function applyChanges(statements: ControlStatements, changes: readonly StoredChange[]): void {
  for (const change of changes) {
    if ("add" in change) addSpending(statements.spending, change);
    else if ("forget" in change) forgetSpending(statements.spending, change);
    else if ("put" in change) put(statements, change.table, change.put as unknown as Row);
    else if ("remove" in change) statements.removals.get(change.table)?.run(change.remove);
    else if ("removeUntil" in change) statements.rateRemoval.run(change.removeUntil);
    else if ("removeRun" in change) statements.runRemovals.get(change.table)?.run(change.removeRun);
    else
      update(statements, change.table, change.update, {
        ...change.set,
        ...("at" in change ? { updatedAt: change.at } : {}),
      });
  }
}

function put(statements: ControlStatements, table: Table, row: Row): void {
  statements.puts.get(table)?.run(...columnsOf[table].map((column) => sqlValue(row[column])));
}

function update(statements: ControlStatements, table: Table, id: string, set: Row): void {
  const names = Object.keys(set);
  const key = `${table}:${names.join()}`;
  let statement = statements.updates.get(key);
  if (!statement) {
    const assignments = names.map((name) => `"${name}" = ?`).join(", ");
    statement = statements.database.prepare(`UPDATE ${table} SET ${assignments} WHERE id = ?`);
    statements.updates.set(key, statement);
  }
  statement.run(...names.map((name) => sqlValue(set[name])), id);
}

function sqlValue(value: unknown): SQLInputValue {
  if (value === undefined || value === null) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number" || typeof value === "string") return value;
  return JSON.stringify(value);
}

/** Each part is limited on its own, so that many due runs cost no more than the few that are taken. */
const wakeableSql = `
  WITH shut AS (SELECT value FROM json_each(:workflows)), full AS (SELECT value FROM json_each(:lanes))
  SELECT id FROM (
    SELECT id FROM runs WHERE dueAt IS NOT NULL AND dueAt <= :now AND NOT :all
      AND lane NOT IN full AND workflow NOT IN shut ORDER BY dueAt LIMIT :limit)
  UNION SELECT id FROM (
    SELECT id FROM runs WHERE expiresAt IS NOT NULL AND endedAt IS NULL AND expiresAt <= :now LIMIT :limit)
  UNION SELECT id FROM (
    SELECT inbox.run AS id FROM inbox LEFT JOIN runs ON runs.id = inbox.run
    WHERE runs.id IS NULL OR runs.endedAt IS NOT NULL
      OR json_extract(command, '$.kind') NOT IN ('resume', 'decision', 'child')
      OR ((runs.status <> 'paused' OR json_extract(command, '$.kind') = 'resume')
        AND NOT :all AND lane NOT IN full AND workflow NOT IN shut)
    LIMIT :limit)`;

/** The control tables, asked. */
export class SqliteControlStore implements ControlStore {
  readonly registry: SqliteRegistryStore;
  readonly #all: Query;

  readonly spending: SpendingStore & { dump(): Readonly<Record<string, readonly unknown[]>> };

  readonly alerts: ReturnType<typeof sqliteAlerts>;

  constructor(database: DatabaseSync) {
    this.#all = queries(database);
    this.spending = sqliteSpending(this.#all);
    this.alerts = sqliteAlerts(this.#all);
    this.registry = new SqliteRegistryStore(this.#all);
  }

  run(id: string): RunRow | undefined {
    return this.#all("SELECT * FROM runs WHERE id = ?", id).map(toRun)[0];
  }

  runs(filter: RunFilter): readonly RunRow[] {
    return this.search(filter).rows;
  }

  search(filter: RunFilter): FoundRuns {
    const { rows, searchedTo } = findRuns(this.#all, filter);
    return { rows: rows.map(toRun), searchedTo };
  }

  runFigures(filter: FigureFilter): readonly RunFigure[] {
    return runFigures(this.#all, filter);
  }

  decisionTimes(filter: FigureFilter) {
    return decisionTimes(this.#all, filter);
  }

  runningRuns(): readonly string[] {
    return this.#all("SELECT id FROM runs WHERE status IN ('running', 'undoing') ORDER BY startedAt").map(
      (row) => String(row.id),
    );
  }

  wakeable(nowMs: number, limit: number, { lanes, workflows }: WakeExceptions): readonly string[] {
    const rows = this.#all(wakeableSql, {
      now: nowMs,
      limit,
      lanes: JSON.stringify(lanes),
      workflows: JSON.stringify(workflows === "all" ? [] : workflows),
      all: workflows === "all" ? 1 : 0,
    });
    return rows.map((row) => String(row.id));
  }

  nextDueAt(afterMs: number): number | undefined {
    const [row] = this.#all(
      `SELECT min(at) AS at FROM (
        SELECT min(dueAt) AS at FROM runs WHERE dueAt > ?1
        UNION ALL SELECT min(expiresAt) FROM runs WHERE expiresAt > ?1 AND endedAt IS NULL)`,
      afterMs,
    );
    return typeof row?.at === "number" ? row.at : undefined;
  }

  queuedLanes(): readonly { readonly lane: string; readonly runs: number }[] {
    return this.#all("SELECT lane, count(*) AS runs FROM runs WHERE status = 'queued' GROUP BY lane").map(
      (row) => ({ lane: String(row.lane), runs: Number(row.runs) }),
    );
  }

  queuedRuns(lane: string, after: QueuedRun | null, limit: number): readonly QueuedRun[] {
    const where = "status = 'queued' AND lane = ?";
    const rows = after
      ? this.#all(
          `SELECT id, rank FROM runs WHERE ${where} AND (rank, id) > (?, ?) ORDER BY rank, id LIMIT ?`,
          lane,
          after.rank,
          after.id,
          limit,
        )
      : this.#all(`SELECT id, rank FROM runs WHERE ${where} ORDER BY rank, id LIMIT ?`, lane, limit);
    return rows.map((row) => ({ id: String(row.id), rank: Number(row.rank) }));
  }

  waitingFor(what: "limit" | "switch", key: string, limit: number): readonly string[] {
    const sql = `SELECT id FROM runs WHERE waitingFor = ? AND waitingFor IN ('limit', 'switch') AND waitingKey = ?
      ORDER BY rank LIMIT ?`;
    return this.#all(sql, what, key, limit).map((row) => String(row.id));
  }

  rates(): readonly RateRow[] {
    return this.#all("SELECT * FROM rates ORDER BY name").map((row) => ({ ...row }) as unknown as RateRow);
  }

  switches(): readonly SwitchRow[] {
    return this.#all("SELECT * FROM switches ORDER BY id").map((row) => ({ ...row }) as unknown as SwitchRow);
  }

  inbox(run: string): readonly InboxRow[] {
    const rows = this.#all("SELECT * FROM inbox WHERE run = ? ORDER BY position", run);
    return rows.map((row) => ({ ...row, command: JSON.parse(String(row.command)) }) as unknown as InboxRow);
  }

  review(id: string): ReviewRow | undefined {
    return this.#all("SELECT * FROM reviews WHERE id = ?", id).map(toReview)[0];
  }

  reviews(filter: {
    status?: ReviewRow["status"];
    run?: string;
    after?: string;
    limit: number;
  }): readonly ReviewRow[] {
    const where = new Where();
    if (filter.status) where.and("status = ?", filter.status);
    if (filter.run) where.and("run = ?", filter.run);
    if (filter.after)
      where.and("(requestedAt, id) > (SELECT requestedAt, id FROM reviews WHERE id = ?)", filter.after);
    const sql = `SELECT * FROM reviews ${where.sql} ORDER BY requestedAt, id LIMIT ?`;
    return this.#all(sql, ...where.values, filter.limit).map(toReview);
  }

  batch(id: string): BatchRow | undefined {
    return this.#all("SELECT * FROM batches WHERE id = ?", id)[0] as BatchRow | undefined;
  }

  latestBatch(workflow: string, inputDigest: string, name: string): BatchRow | undefined {
    const sql =
      "SELECT * FROM batches WHERE workflow = ? AND inputDigest = ? AND name = ? ORDER BY generation DESC LIMIT 1";
    return this.#all(sql, workflow, inputDigest, name)[0] as BatchRow | undefined;
  }

  batchRuns(batch: string): readonly RunRow[] {
    return this.#all("SELECT * FROM runs WHERE batch = ? ORDER BY batchRow", batch).map(toRun);
  }

  asset(digest: string): AssetRow | undefined {
    return this.#all("SELECT * FROM assets WHERE digest = ?", digest)[0] as AssetRow | undefined;
  }

  erasable(beforeMs: number, limit: number): readonly string[] {
    const sql = `SELECT id FROM runs WHERE endedAt IS NOT NULL AND erased = 0 AND endedAt < ?
      ORDER BY endedAt, id LIMIT ?`;
    return this.#all(sql, beforeMs, limit).map((row) => String(row.id));
  }

  prunable(beforeMs: number, limit: number): readonly string[] {
    // Each half comes in order from the index, whatever else there is.
    const sql = `SELECT * FROM (${unasked(0)}) UNION ALL SELECT * FROM (${unasked(1)})
      ORDER BY endedAt, id LIMIT ?2`;
    return this.#all(sql, beforeMs, limit).map((row) => String(row.id));
  }

  uncaptured(untilMs: number, limit: number): readonly string[] {
    return this.#all(unasked(-1), untilMs + 1, limit).map((row) => String(row.id));
  }

  countRuns(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.#all("SELECT status, count(*) AS n FROM runs GROUP BY status").map((row) => [
        String(row.status),
        Number(row.n),
      ]),
    );
  }

  standing(nowMs: number): Standing {
    return standing(this.#all, nowMs);
  }

  dump(): Readonly<Record<string, readonly unknown[]>> {
    return {
      runs: this.#all("SELECT * FROM runs ORDER BY id").map(toRun),
      reviews: this.#all("SELECT * FROM reviews ORDER BY id").map(toReview),
      inbox: this.#all("SELECT * FROM inbox ORDER BY id").map((row) => ({
        ...row,
        command: JSON.parse(String(row.command)),
      })),
      batches: this.#all("SELECT * FROM batches ORDER BY id").map((row) => ({ ...row })),
      assets: this.#all("SELECT * FROM assets ORDER BY digest").map((row) => ({ ...row })),
      rates: this.rates(),
      switches: this.switches(),
      ...this.registry.dump(),
      ...this.spending.dump(),
      ...this.alerts.dump(),
    };
  }
}

/** Ended runs that neither a parent that goes on may ask for, nor a batch that would start them anew. */
const unasked = (erased: -1 | 0 | 1) => `
  SELECT id, endedAt FROM runs WHERE endedAt IS NOT NULL AND erased = ${erased} AND endedAt < ?1
    AND NOT EXISTS (SELECT 1 FROM runs AS above WHERE above.id = runs.parent AND above.endedAt IS NULL)
    AND NOT EXISTS (SELECT 1 FROM batches WHERE batches.id = runs.batch AND batches.status = 'running')
  ORDER BY endedAt, id LIMIT ?2`;

function toRun(row: Row): RunRow {
  return { ...row } as unknown as RunRow;
}

function toReview(row: Row): ReviewRow {
  return { ...row, escalated: row.escalated === 1 } as unknown as ReviewRow;
}
