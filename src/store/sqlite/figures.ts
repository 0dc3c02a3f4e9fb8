import type { FigureFilter, RunFigure } from "../../core/executor/index.ts";
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
