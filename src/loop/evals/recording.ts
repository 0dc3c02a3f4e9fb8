import type { ErrorRecord, Json } from "../../core/base/index.ts";
import {
  endStatus,
  type RunStarted,
  type StepCompleted,
  type StepFailed,
  type StepRetried,
  type StepWaited,
} from "../../core/executor/index.ts";
import type { JournalEvent } from "../../core/journal/index.ts";
import type { StepResult } from "../../core/workflow/index.ts";
import { NotReplayable } from "./errors.ts";

/** What one step came to, as the journal has it. */
export interface RecordedStep {
  readonly kind: string;
  readonly outcome:
    | { readonly result: StepResult }
    | { readonly error: ErrorRecord }
    | { readonly rejectedBy: string };
  readonly fallbackFor: ErrorRecord | null;
  /** Null where it was given by a person, or is known only by its end. */
  readonly inputDigest: string | null;
  /** Wall-clock milliseconds. */
  readonly startedAt: number;
  readonly tookMs: number;
  readonly costUsd: number;
  /** The run that it waited for. */
  readonly child?: string;
}

/** A run that has ended, as a replay needs it. */
export interface Recording {
  readonly id: string;
  readonly started: RunStarted;
  readonly startedAt: number;
  readonly status: "completed" | "failed" | "rejected";
  readonly output: Json;
  readonly steps: ReadonlyMap<string, RecordedStep>;
}

/** Throws `NotReplayable` for what has not ended by itself, or whose words are gone. */
export function recordingOf(id: string, events: readonly JournalEvent[]): Recording {
  const [first] = events;
  if (!first?.data || events.some(({ type, data }) => type.startsWith("step.") && !data))
    throw new NotReplayable(id, "what it saw and answered is not kept any more");
  const end = events.find(({ type }) => endStatus(type));
  const status = end && endStatus(end.type);
  if (!end || (status !== "completed" && status !== "failed" && status !== "rejected"))
    throw new NotReplayable(id, status ? `it was ${status} from outside` : "it has not ended");
  if (end.type === "run.completed" && !end.data)
    throw new NotReplayable(id, "what it saw and answered is not kept any more");
  return {
    id,
    started: first.data as unknown as RunStarted,
    startedAt: first.at,
    status,
    output: end.data?.output ?? null,
    steps: stepsOf(events),
  };
}

function stepsOf(events: readonly JournalEvent[]): ReadonlyMap<string, RecordedStep> {
  const steps = new Map<string, RecordedStep>();
  const spent = new Map<string, number>();
  const begun = new Map<string, number>();
  const children = new Map<string, string>();
  for (const { type, data, at } of events) {
    const path = String(data?.path ?? "");
    if (typeof data?.startedAt === "number" && !begun.has(path)) begun.set(path, data.startedAt);
    if (type === "step.retried") {
      const { error } = data as unknown as StepRetried;
      spent.set(path, (spent.get(path) ?? 0) + (error.costUsd ?? 0));
    }
    if (type === "step.waited") {
      const { wait } = data as unknown as StepWaited;
      if (wait.for === "child" && wait.key) children.set(path, wait.key);
    }
    const step = recordedStep(type, data, at);
    const child = children.get(path);
    if (step)
      steps.set(path, {
        ...step,
        costUsd: step.costUsd + (spent.get(path) ?? 0),
        ...(child ? { child } : {}),
      });
    if (type === "run.rejected" && data) {
      const startedAt = begun.get(path) ?? at;
      const outcome = { rejectedBy: String(data.by) };
      const common = { fallbackFor: null, inputDigest: null, startedAt, tookMs: at - startedAt, costUsd: 0 };
      steps.set(path, { kind: "human_review", outcome, ...common });
    }
  }
  return steps;
}

function recordedStep(type: string, data: JournalEvent["data"], at: number): RecordedStep | undefined {
  if (type === "step.completed") {
    const done = data as unknown as StepCompleted;
    const { kind, result, startedAt, fallbackFor = null } = done;
    const inputDigest = done.skippedBy || done.copied || done.inputDigest === "" ? null : done.inputDigest;
    const costUsd = typeof result.cost === "number" ? result.cost : 0;
    return {
      kind,
      outcome: { result },
      fallbackFor,
      inputDigest,
      startedAt,
      tookMs: at - startedAt,
      costUsd,
    };
  }
  if (type === "step.failed") {
    const { kind, error, startedAt, fallbackFor = null } = data as unknown as StepFailed;
    const costUsd = error.costUsd ?? 0;
    const common = { fallbackFor, inputDigest: null, startedAt, tookMs: at - startedAt, costUsd };
    return { kind, outcome: { error }, ...common };
  }
  return undefined;
}
