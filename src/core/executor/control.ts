import { type ErrorRecord, isJsonObject, type Json, type JsonObject } from "../base/index.ts";
import { type PendingEvent, retentionStream } from "../journal/index.ts";
import { rankOf } from "./admission.ts";
import { alertChanges } from "./alerts.ts";
import { runStatuses, type Waiting } from "./events.ts";
import { budgetChanges, costChanges, forgottenSpending } from "./spending.ts";
import type { BatchRow, ControlChange, InboxCommand, ReviewRow, RunRow, RunUpdate } from "./store.ts";

/**
 * The control tables as a fold of the journal. Pure; applied in the transaction of the events, so the
 * tables cannot disagree with them, and `doctor` makes them again to prove it.
 */
export function controlChanges(event: PendingEvent): readonly ControlChange[] {
  // A moment that is past holds nobody up, and the event that it stood in may be gone now.
  if (event.stream === retentionStream) return [{ table: "rates", removeUntil: event.at }];
  const owner = event.stream.slice(0, event.stream.indexOf("/"));
  const id = event.stream.slice(owner.length + 1);
  switch (owner) {
    case "run":
      return runChanges(id, event);
    case "review":
      return reviewChanges(id, event);
    case "command":
      if (event.type === "command.dismissed") return [{ table: "inbox", remove: id }];
      return [{ table: "inbox", put: { id, position: event.position, ...commandOf(event.data) } }];
    case "batch":
      return batchChanges(id, event);
    case "switch":
      return switchChanges(id, event);
    case "budget":
      return budgetChanges(id, event);
    case "cost":
      return costChanges(id, event);
    case "alert":
      return alertChanges(id, event);
    case "asset":
      return [
        {
          table: "assets",
          put: { digest: id, kind: text(event.data.kind), name: text(event.data.name), at: event.at },
        },
      ];
    default:
      return [];
  }
}

const none: readonly ControlChange[] = [];

/** A stream that is pruned takes its row along, so that the tables stay a fold of what is in the journal. */
export function forgottenRows(stream: string): readonly ControlChange[] {
  const owner = stream.slice(0, stream.indexOf("/"));
  const id = stream.slice(owner.length + 1);
  switch (owner) {
    case "run":
      return [{ table: "runs", remove: id }];
    case "review":
      return [{ table: "reviews", remove: id }];
    case "command":
      return [{ table: "inbox", remove: id }];
    case "budget":
    case "cost":
      return forgottenSpending(owner, id);
    default:
      return none;
  }
}

function runChanges(id: string, event: PendingEvent): readonly ControlChange[] {
  const { type, data } = event;
  if (type === "step.completed" && data.command === undefined) return none;
  const taken: ControlChange[] =
    typeof data.command === "string" ? [{ table: "inbox", remove: data.command }] : [];
  const changed = (set: RunUpdate): readonly ControlChange[] => [
    ...taken,
    { table: "runs", update: id, at: event.at, set },
  ];
  switch (type) {
    case "step.started":
      return rateChanges(data.rates);
    case "run.started":
      return [...rateChanges(data.rates), { table: "runs", put: startedRun(id, event) }];
    case "run.admitted":
      return [...rateChanges(data.rates), ...changed({ status: "running" })];
    case "run.undoing":
      return changed({ status: "undoing", ...noWait, error: null });
    case "run.suspended":
      return changed({ status: "waiting", ...waitingColumns(data.waiting) });
    case "run.paused":
      return changed({ status: "paused", ...noWait, error: errorOf(data.error) });
    case "run.woken":
    case "run.resumed":
      return changed({ status: data.undoing === true ? "undoing" : "running", ...noWait, error: null });
    case "run.erased":
      return changed({
        erased: Number(data.level),
        ...(data.error ? { error: errorOf(data.error) } : {}),
      });
    default:
      return endChanges(id, event, taken);
  }
}

function endChanges(id: string, event: PendingEvent, taken: ControlChange[]): readonly ControlChange[] {
  const status = runStatuses.find((known) => event.type === `run.${known}`);
  if (!status) return taken;
  const { costUsd } = event.data;
  const set = {
    status,
    ...noWait,
    endedAt: event.at,
    error: errorOf(event.data.error),
    costUsd: typeof costUsd === "number" ? costUsd : null,
  };
  return [...taken, { table: "runs", update: id, at: event.at, set }];
}

const noWait = {
  waitingFor: null,
  waitingKey: null,
  waitingSince: null,
  deadline: null,
  dueAt: null,
} as const;

function waitingColumns(data: Json | undefined) {
  const waiting = data as unknown as Waiting;
  return {
    waitingFor: waiting.for,
    waitingKey: waiting.key ?? null,
    waitingSince: waiting.since,
    deadline: waiting.deadline ?? null,
    dueAt: waiting.dueAt ?? null,
  };
}

function startedRun(id: string, event: PendingEvent): RunRow {
  const { data } = event;
  return {
    id,
    workflow: text(data.workflow),
    version: text(data.version),
    release: text(data.release),
    status: data.queued === true ? "queued" : "running",
    startedAt: typeof data.beganAt === "number" ? data.beganAt : event.at,
    updatedAt: event.at,
    endedAt: null,
    batch: optionalText(data.batch),
    batchRow: typeof data.row === "number" ? data.row : null,
    parent: optionalText(data.parent),
    tags: JSON.stringify(data.tags ?? {}),
    error: null,
    ...noWait,
    lane: text(data.lane ?? data.workflow),
    rank: rankOf(event.at, Number(data.priority ?? 0)),
    expiresAt: typeof data.expiresAt === "number" ? data.expiresAt : null,
    erased: data.capture === undefined ? 0 : -1,
    shadowOf: optionalText(data.shadowOf),
    costUsd: null,
  };
}

function rateChanges(moments: Json | undefined): readonly ControlChange[] {
  if (!isJsonObject(moments)) return none;
  return Object.entries(moments).map(([name, moment]) => ({
    table: "rates",
    put: { name, moment: Number(moment) },
  }));
}

function switchChanges(id: string, { type, at, data }: PendingEvent): readonly ControlChange[] {
  if (type === "switch.turned_on") return [{ table: "switches", remove: id }];
  const mode = data.mode === "stop" ? "stop" : "drain";
  return [
    { table: "switches", put: { id, mode, by: text(data.by), reason: optionalText(data.reason), since: at } },
  ];
}

function reviewChanges(id: string, event: PendingEvent): readonly ControlChange[] {
  const { data } = event;
  switch (event.type) {
    case "review.requested": {
      const put: ReviewRow = {
        id,
        run: text(data.run),
        path: text(data.path),
        workflow: text(data.workflow),
        status: "open",
        assignee: optionalText(data.assign),
        requestedAt: event.at,
        deadline: typeof data.deadline === "number" ? data.deadline : null,
        escalated: false,
        decidedAt: null,
      };
      return [{ table: "reviews", put }];
    }
    case "review.escalated":
      return [{ table: "reviews", update: id, set: { escalated: true } }];
    case "review.decided":
      return [{ table: "reviews", update: id, set: { status: "decided", decidedAt: event.at } }];
    case "review.withdrawn":
      return [{ table: "reviews", update: id, set: { status: "withdrawn", decidedAt: event.at } }];
    default:
      return none;
  }
}

function batchChanges(id: string, event: PendingEvent): readonly ControlChange[] {
  const { data } = event;
  if (event.type === "batch.completed")
    return [{ table: "batches", update: id, set: { status: "completed" } }];
  if (event.type !== "batch.started") return none;
  const put: BatchRow = {
    id,
    workflow: text(data.workflow),
    inputDigest: text(data.inputDigest),
    name: text(data.name),
    generation: Number(data.generation),
    version: text(data.version),
    release: text(data.release),
    rows: Number(data.rows),
    status: "running",
    startedAt: event.at,
  };
  return [{ table: "batches", put }];
}

function commandOf(data: JsonObject): { run: string; command: InboxCommand } {
  const { run, ...command } = data;
  return { run: text(run), command: command as unknown as InboxCommand };
}

function errorOf(value: Json | undefined): string | null {
  return value ? JSON.stringify(value satisfies Json as unknown as ErrorRecord) : null;
}

function text(value: Json | undefined): string {
  return String(value ?? "");
}

function optionalText(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
