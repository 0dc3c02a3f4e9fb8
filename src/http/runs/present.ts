import type { RunRow, RunView, StepView } from "../../core/executor/index.ts";

/** A run for lists: what its row tells. */
export function presentRow(row: RunRow) {
  return {
    runId: row.id,
    workflow: row.workflow,
    version: row.version,
    batch: row.batch,
    row: row.batchRow,
    status: row.status,
    waiting: row.waitingFor
      ? {
          for: row.waitingFor,
          key: row.waitingKey,
          since: iso(row.waitingSince),
          deadline: iso(row.deadline),
          dueAt: iso(row.dueAt),
        }
      : null,
    error: row.error ? JSON.parse(row.error) : null,
    parent: row.parent,
    shadowOf: row.shadowOf,
    tags: JSON.parse(row.tags),
    startedAt: iso(row.startedAt),
    endedAt: iso(row.endedAt),
    expiresAt: iso(row.expiresAt),
    cost: row.costUsd,
  };
}

/** A run with all its steps. */
export function presentRun(row: RunRow, view: RunView) {
  const waiting = view.waiting;
  return {
    ...presentRow(row),
    waiting: waiting
      ? {
          for: waiting.for,
          path: waiting.path,
          key: waiting.key ?? null,
          since: iso(waiting.since),
          deadline: iso(waiting.deadline ?? null),
          dueAt: iso(waiting.dueAt ?? null),
        }
      : null,
    input: view.started?.input ?? null,
    output: view.output,
    paused: view.paused && {
      reason: view.paused.reason,
      by: view.paused.by ?? null,
      comment: view.paused.comment ?? null,
    },
    undo: view.undo && { undone: view.undo.undone, notUndone: view.undo.notUndone },
    forkedFrom: view.forkedFrom,
    release: row.release,
    rollouts: view.started?.arms ?? {},
    cost: view.costUsd,
    steps: view.steps.map(presentStep),
  };
}

function presentStep(step: StepView) {
  const { path, kind, status, attempts, key, result, error, waiting } = step;
  return {
    path,
    kind,
    status,
    attempts,
    key,
    startedAt: iso(step.startedAt),
    endedAt: iso(step.endedAt),
    result,
    error,
    waiting,
  };
}

export function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
