import type { RunFilter, RunSearch } from "../../core/executor/index.ts";
import { type Query, type Row, Where } from "./query.ts";

const newestFirst = "ORDER BY startedAt DESC, id DESC";

export function findRuns(all: Query, filter: RunFilter): { rows: Row[]; searchedTo: string | undefined } {
  const where = indexed(filter);
  if (!filter.withShadows) where.and("shadowOf IS NULL");
  if (filter.among) searched(where, filter.among);
  const last = lastSearched(all, filter);
  if (last) where.and("(startedAt, id) >= (SELECT startedAt, id FROM runs WHERE id = ?)", last);
  const rows = all(`SELECT * FROM runs ${where.sql} ${newestFirst} LIMIT ?`, ...where.values, filter.limit);
  return { rows, searchedTo: last };
}

/** The last of the runs that are looked at one by one, where there are more. */
function lastSearched(all: Query, filter: RunFilter): string | undefined {
  if (!filter.among) return undefined;
  const where = indexed(filter);
  const sql = `SELECT id FROM runs ${where.sql} ${newestFirst} LIMIT 2 OFFSET ?`;
  const [last, next] = all(sql, ...where.values, filter.among.runsMax - 1);
  return last && next ? String(last.id) : undefined;
}

/** What an index gives in the order of the list. */
function indexed({ workflow, status, batch, before, fromMs, toMs }: RunFilter): Where {
  const where = new Where();
  if (workflow) where.and("workflow = ?", workflow);
  if (status) where.and("status = ?", status);
  if (batch) where.and("batch = ?", batch);
  if (fromMs !== undefined) where.and("startedAt >= ?", fromMs);
  if (toMs !== undefined) where.and("startedAt < ?", toMs);
  if (before) where.and("(startedAt, id) < (SELECT startedAt, id FROM runs WHERE id = ?)", before);
  return where;
}

function searched(where: Where, { tags = {}, text, costMinUsd, costMaxUsd }: RunSearch): void {
  // A quote within a text of JSON is escaped, so this is found where the tag is, and nowhere else.
  for (const [name, value] of Object.entries(tags))
    where.and("instr(tags, ?) > 0", `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (costMinUsd !== undefined) where.and("costUsd >= ?", costMinUsd);
  if (costMaxUsd !== undefined) where.and("costUsd <= ?", costMaxUsd);
  if (!text) return;
  const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
  const columns = ["id", "workflow", "error", "tags"].map((column) => `${column} LIKE ? ESCAPE '\\'`);
  where.and(`(${columns.join(" OR ")})`, pattern, pattern, pattern, pattern);
}
