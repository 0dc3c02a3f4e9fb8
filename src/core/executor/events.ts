import type { ErrorRecord, Json, JsonObject } from "../base/index.ts";
import type { NewEvent } from "../journal/index.ts";
import type { ReviewDecision, StepResult, WaitRequest } from "../workflow/index.ts";

/** Final ones first: once a run has one of these, it never changes again. */
export const finalStatuses = ["completed", "failed", "rejected", "cancelled", "expired"] as const;
export const runStatuses = [...finalStatuses, "queued", "running", "waiting", "paused", "undoing"] as const;
export type FinalStatus = (typeof finalStatuses)[number];
export type RunStatus = (typeof runStatuses)[number];

export function isFinal(status: string): status is FinalStatus {
  return finalStatuses.some((final) => final === status);
}

/** What a waiting run waits for. Times are wall-clock milliseconds. */
export interface Waiting {
  readonly for: WaitRequest["for"];
  /** The step that waits. */
  readonly path: string;
  readonly key?: string;
  readonly since: number;
  readonly deadline?: number;
  readonly dueAt?: number;
}

export interface RunStarted {
  readonly workflow: string;
  /** Digest of the workflow's document. */
  readonly version: string;
  /** Digest of the release: the document and every asset that it names. */
  readonly release: string;
  readonly input: Json;
  readonly tags?: Readonly<Record<string, string>>;
  /** Seen by scorers and by `sim/` models, never by the workflow. */
  readonly expected?: Json;
  readonly batch?: string;
  readonly row?: number;
  readonly parent?: string;
  readonly parentPath?: string;
}

/**
 * Every fact that the executor writes about a run. `command` names the inbox command that an event
 * takes in, which leaves the inbox in the same transaction.
 */
export type RunEvent =
  | { readonly type: "run.started"; readonly data: RunStarted }
  /** Users' code is about to run, with these inputs. */
  | {
      readonly type: "step.started";
      readonly data: { path: string; kind: string; inputDigest: string; attempt: number };
    }
  | { readonly type: "step.completed"; readonly data: StepCompleted }
  | { readonly type: "step.skipped"; readonly data: { path: string } }
  /** An attempt failed and another follows, not before `dueAt`. */
  | { readonly type: "step.retried"; readonly data: StepRetried }
  /** It failed for good: retries are used up, or cannot help. */
  | { readonly type: "step.failed"; readonly data: StepFailed }
  | { readonly type: "step.waited"; readonly data: StepWaited }
  | { readonly type: "run.suspended"; readonly data: { waiting: Waiting } }
  | { readonly type: "run.woken"; readonly data: { by: string } }
  | {
      readonly type: "run.paused";
      readonly data: { path: string; reason: "failed" | "mismatch"; error: ErrorRecord };
    }
  | { readonly type: "run.resumed"; readonly data: { command: string } }
  | { readonly type: "run.signalled"; readonly data: { event: string; data: Json; command: string } }
  | { readonly type: "run.completed"; readonly data: { output: Json; costUsd: number } }
  | {
      readonly type: "run.failed";
      readonly data: { path: string | null; error: ErrorRecord; costUsd: number };
    }
  | {
      readonly type: "run.rejected";
      readonly data: { path: string; by: string; comment: string | null; command?: string; costUsd: number };
    }
  | {
      readonly type: "run.cancelled";
      readonly data: { by: string; reason: string | null; command?: string; costUsd: number };
    };

export interface StepCompleted {
  readonly path: string;
  readonly kind: string;
  /** Wall-clock milliseconds at which the first attempt began. */
  readonly startedAt: number;
  readonly attempts: number;
  readonly inputDigest: string;
  readonly result: StepResult;
  /** The fallback answered, after this error of the step itself. */
  readonly fallbackFor?: ErrorRecord;
  /** A person skipped the failed step and gave its value. */
  readonly skippedBy?: string;
  readonly command?: string;
}

export interface StepRetried {
  readonly path: string;
  /** Executions so far. */
  readonly attempt: number;
  readonly error: ErrorRecord;
  readonly dueAt: number;
  /** It is the fallback that is tried again, after this error of the step itself. */
  readonly fallbackFor?: ErrorRecord;
}

export interface StepFailed {
  readonly path: string;
  readonly kind: string;
  readonly startedAt: number;
  readonly attempts: number;
  readonly error: ErrorRecord;
  readonly command?: string;
}

export interface StepWaited {
  readonly path: string;
  readonly kind: string;
  readonly startedAt: number;
  readonly inputDigest: string;
  /** It is the fallback that waits, after this error of the step itself. */
  readonly fallbackFor?: ErrorRecord;
  readonly command?: string;
  readonly wait: {
    readonly for: WaitRequest["for"];
    readonly key?: string;
    readonly dueAt?: number;
    readonly deadline?: number;
  };
}

/** What comes in from outside, through the durable inbox. */
export type Command =
  | { readonly kind: "cancel"; readonly by: string; readonly reason: string | null }
  /** A paused run goes on: the failed step runs again, or is skipped with a value. */
  | { readonly kind: "resume"; readonly by: string; readonly skip?: { readonly value: Json } }
  | { readonly kind: "signal"; readonly event: string; readonly data: Json }
  | { readonly kind: "decision"; readonly review: string; readonly decision: ReviewDecision }
  | {
      readonly kind: "child";
      readonly child: string;
      readonly status: FinalStatus;
      readonly output: Json;
      readonly error?: ErrorRecord;
    };

/** Run events are plain data, so they are the journal's events as they are. */
export function toNewEvents(events: readonly RunEvent[]): readonly NewEvent[] {
  return events as unknown as readonly NewEvent[];
}

/** An event as plain data for the journal. */
export function toData(data: RunEvent["data"]): JsonObject {
  return data as unknown as JsonObject;
}
