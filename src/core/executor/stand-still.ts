import { type ErrorRecord, errorRecord, type FlyballError } from "../base/index.ts";
import type { Journal, JournalEvent } from "../journal/index.ts";
import { endEvent, giveUpWait, type RunEnd, tellParent } from "./end.ts";
import { ProgramStuck } from "./errors.ts";
import type { RunStarted, StepCompleted, StepWaited, Undone } from "./events.ts";
import { dismiss } from "./inbox.ts";
import { Record } from "./record.ts";
import type { ControlStore, RunRow } from "./store.ts";

interface Unloadable {
  readonly row: RunRow;
  readonly events: readonly JournalEvent[] | null;
  readonly error: FlyballError;
}

/**
 * What becomes of a run that cannot be brought to where its journal ends: its release is gone, or does
 * not fit, or an event of it is damaged, which leaves nothing to go by (null). It is parked before any
 * effect, with the reason. It can still be cancelled; to resume it is refused until it fits again, and
 * what else it was told stays in its inbox. Resolves with the runs to wake.
 */
export async function standStill(
  run: Unloadable,
  { journal, control }: { readonly journal: Journal; readonly control: ControlStore },
): Promise<ReadonlySet<string>> {
  const { row, error } = run;
  const events = run.events ?? [];
  const record = new Record({ id: row.id, seq: run.events && (events.at(-1)?.seq ?? 0) });
  const inbox = control.inbox(row.id);
  const message = `${error.message} The run began with version ${row.version}.`;
  const cancel = inbox.find(({ command }) => command.kind === "cancel");
  if (cancel?.command.kind === "cancel") {
    const { by, reason } = cancel.command;
    const end: RunEnd = { status: "cancelled", by, reason, command: cancel.id };
    recordCancel({ ...run, events }, end, { record, control });
  } else {
    for (const { id, command } of inbox) if (command.kind === "resume") dismiss(id, message, record);
    const reason = error instanceof ProgramStuck ? error.reason : "mismatch";
    const { arms } = (events[0]?.data ?? {}) as Partial<RunStarted>;
    const paused = { path: "", reason, error: { code: error.code, message }, ...(arms ? { arms } : {}) };
    if (row.status !== "paused") record.add({ type: "run.paused", data: paused });
  }
  if (!record.isEmpty) await journal.append(record.take());
  return record.wakes;
}

/** The end of a run of which only the events are known. */
function recordCancel(
  { row, events, error }: Unloadable & { readonly events: readonly JournalEvent[] },
  end: RunEnd,
  { record, control }: { record: Record; control: ControlStore },
): void {
  const started = events[0]?.data as unknown as RunStarted | undefined;
  const undone = notTakenBack(events, errorRecord(error));
  record.add(endEvent(end, { costUsd: costOf(events), undone, arms: started?.arms }));
  const waits = events
    .filter(({ type }) => type === "step.waited")
    .map(({ data }) => (data as unknown as StepWaited).wait);
  const open = new Map(waits.map((wait) => [wait.key, wait]));
  for (const wait of open.values()) giveUpWait(wait, "the run was cancelled", record, control);
  const parent = started?.parent;
  if (parent) tellParent({ child: row.id, parent }, end, record);
}

/** Without its program nothing can be taken back: what is owed is told, as far as the events say. */
function notTakenBack(events: readonly JournalEvent[], error: ErrorRecord): Undone | undefined {
  const owed = new Set<string>();
  const undone: string[] = [];
  for (const { type, data } of events) {
    const { path, undo, inDoubt } = (data ?? {}) as { path?: string; undo?: boolean; inDoubt?: boolean };
    if (path === undefined) continue;
    const takenBack = path.slice(0, -".undo".length);
    if (type === "step.started" && undo) owed.add(path);
    else if (type === "step.failed" && !inDoubt) owed.delete(path);
    else if (type === "step.completed" && path.endsWith(".undo") && owed.delete(takenBack))
      undone.push(takenBack);
  }
  if (owed.size === 0 && undone.length === 0) return undefined;
  return { undone, notUndone: [...owed].map((path) => ({ path, error })) };
}

function costOf(events: readonly JournalEvent[]): number {
  const results = events
    .filter(({ type }) => type === "step.completed")
    .map(({ data }) => data as unknown as StepCompleted);
  return results.reduce((sum, { result }) => sum + (typeof result.cost === "number" ? result.cost : 0), 0);
}
