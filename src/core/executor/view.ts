import type { ErrorRecord, Json, JsonObject } from "../base/index.ts";
import type { JournalEvent } from "../journal/index.ts";
import {
  type ErasedRun,
  endStatus,
  type RunPaused,
  type RunStarted,
  type RunStatus,
  type StepCompleted,
  type StepFailed,
  type StepFailure,
  type StepRetried,
  type StepWaited,
  type Undone,
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
  /** How it came about, as its kind tells it. */
  readonly trace: JsonObject | null;
  /** The executions that failed, in order; the one that used up the last try, too. */
  readonly failures: readonly StepFailure[];
  /** The digest of what it saw and answered, where that was not to be kept. */
  readonly erased: string | null;
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
  /** Why it is paused, and by whom. */
  readonly paused: Pick<RunPaused, "reason" | "by" | "comment"> | null;
  /** What was taken back; null when there was nothing to take back, or it has not ended. */
  readonly undo: Undone | null;
  /** The run and the step that it goes on from. */
  readonly forkedFrom: { readonly of: string; readonly from: string } | null;
  readonly costUsd: number;
  readonly steps: readonly StepView[];
}

/** The fold of a run's stream for people and scripts. Pure; tolerates what retention has erased. */
export function viewRun(id: string, events: readonly JournalEvent[]): RunView {
  const steps = new Map<string, StepView>();
  const started = (events[0]?.data as unknown as RunStarted | undefined) ?? null;
  let view: RunView = {
    id,
    started,
    startedAt: started?.beganAt ?? events[0]?.at ?? 0,
    endedAt: null,
    status: events[0]?.data?.queued === true ? "queued" : "running",
    waiting: null,
    output: null,
    error: null,
    paused: null,
    undo: null,
    forkedFrom: null,
    costUsd: 0,
    steps: [],
  };
  const costs = new StepCosts();
  const told = toldOf(id, events);
  for (const event of events) {
    if (event.type.startsWith("step.")) {
      const step = told.get(event.seq) ?? viewStep(id, steps, event);
      if (step) steps.set(step.path, step);
      view = { ...view, costUsd: view.costUsd + costs.of(event) };
    } else view = { ...view, ...runChange(event) };
  }
  return { ...view, steps: [...steps.values()] };
}

/** What each event of a step adds to the cost of its run: results, and failed attempts that were paid for. */
class StepCosts {
  /** Steps whose fallback is under way: what their own work has cost is counted. */
  readonly #inFallback = new Set<string>();

  of({ type, data }: JournalEvent): number {
    if (!data) return 0;
    const { path, error, fallbackFor, result } = data as unknown as Partial<StepFailed & StepCompleted>;
    const isPaid = type !== "step.completed" || data.copied === true || typeof result?.cost !== "number";
    const own = (isPaid ? 0 : Number(result.cost)) + (error?.costUsd ?? 0);
    const before = fallbackFor && !this.#inFallback.has(String(path)) ? (fallbackFor.costUsd ?? 0) : 0;
    if (fallbackFor && type !== "step.failed") this.#inFallback.add(String(path));
    else this.#inFallback.delete(String(path));
    return own + before;
  }
}

const noneTold: ReadonlyMap<number, StepView> = new Map();

/** What was told once more of the steps whose words are gone, by the event that is without them now. */
function toldOf(run: string, events: readonly JournalEvent[]): ReadonlyMap<number, StepView> {
  const erased = events.filter(({ type, data }) => type === "run.erased" && data?.steps);
  if (erased.length === 0) return noneTold;
  const digests = new Map(events.map(({ seq, digest }) => [seq, digest]));
  return new Map(
    erased.flatMap(({ data }) =>
      (data as unknown as ErasedRun).steps.map(({ seq, ...told }) => [
        seq,
        { ...newStep(run, told.path), ...told, erased: digests.get(seq) ?? null },
      ]),
    ),
  );
}

function runChange(event: JournalEvent): Partial<RunView> {
  const data = event.data ?? {};
  switch (event.type) {
    case "run.suspended":
      return { status: "waiting", waiting: (data.waiting as unknown as Waiting | undefined) ?? null };
    case "run.paused": {
      const { error, ...paused } = data as unknown as RunPaused;
      return { status: "paused", waiting: null, error: error ?? null, paused };
    }
    case "run.forked":
      return { forkedFrom: data as unknown as RunView["forkedFrom"] };
    case "run.erased": {
      const { costUsd, error } = data as unknown as Partial<ErasedRun>;
      return { ...(costUsd === undefined ? {} : { costUsd }), ...(error ? { error } : {}) };
    }
    case "run.undoing":
      return { status: "undoing", waiting: null, paused: null, error: null };
    case "run.admitted":
    case "run.woken":
    case "run.resumed":
      return {
        status: data.undoing === true ? "undoing" : "running",
        waiting: null,
        paused: null,
        error: null,
      };
    default: {
      const status = endStatus(event.type);
      if (!status) return {};
      const error = (data.error as unknown as ErrorRecord | undefined) ?? null;
      const undo = Array.isArray(data.undone) ? (data as unknown as Undone) : null;
      return {
        status,
        waiting: null,
        paused: null,
        endedAt: event.at,
        output: data.output ?? null,
        error,
        undo,
      };
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
        startedAt: before.startedAt ?? (typeof data.startedAt === "number" ? data.startedAt : null),
        attempts: Number(data.attempt),
        error: data.error as unknown as ErrorRecord,
        failures: [...before.failures, failureOf(data as unknown as StepRetried, event.at)],
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
      const { kind, startedAt, attempts, error, trace = null } = data as unknown as StepFailed;
      const failures = [...before.failures, failureOf({ attempt: attempts, error, dueAt: null }, event.at)];
      const failed = {
        ...before,
        kind,
        status: "failed",
        startedAt,
        attempts,
        error,
        trace,
        failures,
      } as const;
      return { ...failed, endedAt: event.at };
    }
    case "step.skipped":
      return { ...before, status: "skipped", endedAt: event.at };
    case "step.completed": {
      const { kind, startedAt, attempts, result, trace = null } = data as unknown as StepCompleted;
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
        trace,
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
    trace: null,
    failures: [],
    erased: null,
  };
}

function failureOf({ attempt, dueAt, error }: Omit<StepFailure, "at">, at: number): StepFailure {
  return { attempt, at, dueAt, error };
}
