import type { ErrorRecord, Json, JsonObject } from "../base/index.ts";
import type { JournalEvent } from "../journal/index.ts";
import {
  isFinal,
  type RunStarted,
  type RunStatus,
  type StepCompleted,
  type StepFailed,
  type StepWaited,
  type Waiting,
} from "./events.ts";

export interface StepView {
  readonly path: string;
  readonly kind: string | null;
  readonly status: "running" | "retrying" | "waiting" | "completed" | "skipped" | "failed";
  readonly attempts: number;
  /** The idempotency key that its outgoing calls carry. */
  readonly key: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** What expressions see: `value` and what the kind adds. Null before the end, and when retention took it. */
  readonly result: JsonObject | null;
  readonly error: ErrorRecord | null;
  readonly waiting: StepWaited["wait"] | null;
}

/** A run as its events tell it. */
export interface RunView {
  readonly id: string;
  readonly started: RunStarted | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly status: RunStatus;
  readonly waiting: Waiting | null;
  readonly output: Json;
  readonly error: ErrorRecord | null;
  readonly costUsd: number;
  readonly steps: readonly StepView[];
}

/** The fold of a run's stream for people and scripts. Pure; tolerates what retention has erased. */
export function viewRun(id: string, events: readonly JournalEvent[]): RunView {
  const steps = new Map<string, StepView>();
  let view: RunView = {
    id,
    started: (events[0]?.data as unknown as RunStarted | undefined) ?? null,
    startedAt: events[0]?.at ?? 0,
    endedAt: null,
    status: "running",
    waiting: null,
    output: null,
    error: null,
    costUsd: 0,
    steps: [],
  };
  for (const event of events) {
    if (event.type.startsWith("step.")) {
      const step = viewStep(id, steps, event);
      if (step) steps.set(step.path, step);
      const isPaid = event.data?.copied === true;
      if (typeof step?.result?.cost === "number" && event.type === "step.completed" && !isPaid)
        view = { ...view, costUsd: view.costUsd + step.result.cost };
    } else view = { ...view, ...runChange(event) };
  }
  return { ...view, steps: [...steps.values()] };
}

function runChange(event: JournalEvent): Partial<RunView> {
  const data = event.data ?? {};
  switch (event.type) {
    case "run.suspended":
      return { status: "waiting", waiting: (data.waiting as unknown as Waiting | undefined) ?? null };
    case "run.paused":
      return {
        status: "paused",
        waiting: null,
        error: (data.error as unknown as ErrorRecord | undefined) ?? null,
      };
    case "run.woken":
    case "run.resumed":
      return { status: "running", waiting: null, error: null };
    default: {
      const status = event.type.slice("run.".length);
      if (!isFinal(status)) return {};
      const error = (data.error as unknown as ErrorRecord | undefined) ?? null;
      return { status, waiting: null, endedAt: event.at, output: data.output ?? null, error };
    }
  }
}

function viewStep(
  run: string,
  steps: ReadonlyMap<string, StepView>,
  event: JournalEvent,
): StepView | undefined {
  if (!event.data) return undefined;
  const data = event.data;
  const path = String(data.path);
  const before = steps.get(path) ?? newStep(run, path);
  switch (event.type) {
    case "step.started":
      return {
        ...before,
        kind: String(data.kind),
        status: "running",
        startedAt: before.startedAt ?? event.at,
      };
    case "step.retried":
      return {
        ...before,
        status: "retrying",
        attempts: Number(data.attempt),
        error: data.error as unknown as ErrorRecord,
      };
    case "step.waited": {
      const { kind, startedAt, wait } = data as unknown as StepWaited;
      return {
        ...before,
        kind,
        status: "waiting",
        attempts: Math.max(1, before.attempts),
        startedAt,
        waiting: wait,
      };
    }
    case "step.failed": {
      const { kind, startedAt, attempts, error } = data as unknown as StepFailed;
      return { ...before, kind, status: "failed", startedAt, attempts, error, endedAt: event.at };
    }
    case "step.skipped":
      return { ...before, status: "skipped", endedAt: event.at };
    case "step.completed": {
      const { kind, startedAt, attempts, result } = data as unknown as StepCompleted;
      return {
        ...before,
        kind,
        status: "completed",
        attempts,
        startedAt,
        endedAt: event.at,
        result,
        error: null,
        waiting: null,
      };
    }
    default:
      return undefined;
  }
}

function newStep(run: string, path: string): StepView {
  return {
    path,
    kind: null,
    status: "running",
    attempts: 0,
    key: `${run}/${path}`,
    startedAt: null,
    endedAt: null,
    result: null,
    error: null,
    waiting: null,
  };
}
