import type { FigureFilter, RunFigure, Standing } from "../../core/executor/index.ts";
import type { Query } from "./query.ts";

const ofPeriod = `SELECT id, status, startedAt, endedAt, costUsd, error FROM runs
  WHERE workflow = ? AND startedAt >= ? AND startedAt < ? AND shadowOf IS NULL
  ORDER BY startedAt DESC, id DESC LIMIT ?`;

export function runFigures(all: Query, { workflow, fromMs, toMs, limit }: FigureFilter): RunFigure[] {
  const sql = `SELECT id, status, startedAt, endedAt, costUsd, json_extract(error, '$.code') AS errorCode,
    EXISTS (SELECT 1 FROM reviews WHERE reviews.run = found.id) AS isReviewed FROM (${ofPeriod}) AS found`;
  return all(sql, workflow, fromMs, toMs, limit).map(
    (row) => ({ ...row, isReviewed: row.isReviewed === 1 }) as unknown as RunFigure,
  );
}

export function decisionTimes(all: Query, { workflow, fromMs, toMs, limit }: FigureFilter) {
  const sql = `SELECT reviews.requestedAt, reviews.decidedAt FROM (${ofPeriod}) AS found
    JOIN reviews ON reviews.run = found.id AND reviews.status = 'decided' ORDER BY reviews.decidedAt, reviews.id`;
  return all(sql, workflow, fromMs, toMs, limit).map(({ requestedAt, decidedAt }) => ({
    requestedAt: Number(requestedAt),
    decidedAt: Number(decidedAt),
  }));
}

const openRunsSql = `SELECT workflow, status, count(*) AS count FROM runs
  WHERE endedAt IS NULL AND shadowOf IS NULL
  GROUP BY workflow, status ORDER BY workflow, status`;
const failuresSql = `SELECT workflow, json_extract(error, '$.code') AS code, count(*) AS count, max(id) AS run
  FROM runs WHERE status = 'paused' AND error IS NOT NULL AND shadowOf IS NULL
  GROUP BY workflow, code ORDER BY workflow, code`;
const reviewsSql = `SELECT workflow, count(*) AS open, count(*) FILTER (WHERE deadline <= ?) AS overdue,
  min(deadline) AS deadline FROM reviews WHERE status = 'open' GROUP BY workflow ORDER BY workflow`;
const dueSql = `SELECT count(*) AS count, min(dueAt) AS oldestAt FROM runs
  WHERE dueAt IS NOT NULL AND dueAt <= ?`;

export function standing(all: Query, nowMs: number): Standing {
  const plain = (sql: string, ...values: number[]) => all(sql, ...values).map((row) => ({ ...row }));
  const [due] = plain(dueSql, nowMs);
  const found = {
    runs: plain(openRunsSql),
    failures: plain(failuresSql),
    reviews: plain(reviewsSql, nowMs),
    due,
  };
  return found as unknown as Standing;
}
