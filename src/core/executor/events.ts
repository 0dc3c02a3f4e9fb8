import type { ErrorRecord, Json, JsonObject } from "../base/index.ts";
import type { NewEvent } from "../journal/index.ts";
import type { EffectMode, ReviewDecision, StepResult, WaitRequest } from "../workflow/index.ts";
import type { RateMoments } from "./counters.ts";

/** Final ones first: once a run has one of these, it never changes again. */
export const finalStatuses = ["completed", "failed", "rejected", "cancelled", "expired"] as const;
export const runStatuses = [...finalStatuses, "queued", "running", "waiting", "paused", "undoing"] as const;
export type FinalStatus = (typeof finalStatuses)[number];
export type RunStatus = (typeof runStatuses)[number];

export function isFinal(status: string): status is FinalStatus {
  return finalStatuses.some((final) => final === status);
}

const ends: ReadonlyMap<string, FinalStatus> = new Map(
  finalStatuses.map((status) => [`run.${status}`, status]),
);

/** How a run ends by an event of this type; undefined for any other. */
export function endStatus(type: string): FinalStatus | undefined {
  return ends.get(type);
}

/** What a waiting run waits for. Times are wall-clock milliseconds. */
export interface Waiting {
  /** `limit`: for a place, by the name of the counter; `switch`: for what is off. */
  readonly for: WaitRequest["for"] | "limit" | "switch";
  /** The step that waits; empty when the run itself does. */
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
  /** Wall-clock milliseconds: when it began, where it was recorded only at its end. */
  readonly beganAt?: number;
  /** It waits for its turn. */
  readonly queued?: true;
  /** Those that share its counters; absent: all of its workflow, which has none. */
  readonly lane?: string;
  readonly priority?: number;
  /** Wall-clock milliseconds: it expires unless it has ended by then. */
  readonly expiresAt?: number;
  /** The moments of rates that its start has moved. */
  readonly rates?: RateMoments;
  /** Which version it got, by the ids of the rollouts that it is in. */
  readonly arms?: Arms;
  /** What its steps may do to the world; absent: everything that they say. */
  readonly effects?: RunEffects;
  /** It runs beside this run, to be compared with it, and answers nobody. */
  readonly shadowOf?: string;
  /** What is erased when it has ended: all of it, or what its workflow names. */
  readonly capture?: "off" | "fields";
}

export type Arms = Readonly<Record<string, "from" | "to">>;
export type RunEffects = Exclude<EffectMode, "live" | "recorded">;

/**
 * Every fact that the executor writes about a run. `command` names the inbox command that an event
 * takes in, which leaves the inbox in the same transaction.
 */
export type RunEvent =
  | { readonly type: "run.started"; readonly data: RunStarted }
  /** What must not be lost sight of is about to be done: users' code, a `once` step, one with an `undo`. */
  | { readonly type: "step.started"; readonly data: StepStarted }
  | { readonly type: "step.completed"; readonly data: StepCompleted }
  | { readonly type: "step.skipped"; readonly data: { path: string } }
  /** An attempt failed and another follows, not before `dueAt`. */
  | { readonly type: "step.retried"; readonly data: StepRetried }
  /** It failed for good: retries are used up, or cannot help. */
  | { readonly type: "step.failed"; readonly data: StepFailed }
  | { readonly type: "step.waited"; readonly data: StepWaited }
  | { readonly type: "run.suspended"; readonly data: { waiting: Waiting } }
  /** It takes over the results of another run, up to a step. */
  | { readonly type: "run.forked"; readonly data: { of: string; from: string } }
  | { readonly type: "run.admitted"; readonly data: { rates?: RateMoments } }
  | { readonly type: "run.woken"; readonly data: { by: string; undoing?: true } }
  | { readonly type: "run.paused"; readonly data: RunPaused }
  /** The engine's process crashed by itself while the run was under way; so often since it last got on. */
  | { readonly type: "run.suspected"; readonly data: { crashes: number } }
  /** It goes on, and no other suspect beside it. */
  | { readonly type: "run.tried"; readonly data: { crashes: number } }
  | { readonly type: "run.resumed"; readonly data: { command: string } }
  | { readonly type: "run.signalled"; readonly data: { event: string; data: Json; command: string } }
  /** The run will end so, once what its steps did has been taken back. */
  | { readonly type: "run.undoing"; readonly data: { end: EarlyEnd; command?: string } }
  | { readonly type: "run.completed"; readonly data: { output: Json; costUsd: number } & InRollouts }
  | { readonly type: "run.failed"; readonly data: EndData<"failed"> }
  | { readonly type: "run.rejected"; readonly data: EndData<"rejected"> }
  | { readonly type: "run.cancelled"; readonly data: EndData<"cancelled"> }
  | { readonly type: "run.expired"; readonly data: EndData<"expired"> };

export interface RunPaused {
  /** The step that failed; empty when the run as a whole was paused. */
  readonly path: string;
  /** `asked`: by a person; `quarantined`: it has crashed the process again and again. */
  readonly reason: "failed" | "mismatch" | "asked" | "quarantined";
  readonly error: ErrorRecord | null;
  readonly by?: string;
  readonly comment?: string | null;
  readonly command?: string;
  readonly arms?: Arms;
}

/** Said again where a run stops, so that what is counted of a rollout follows from that event alone. */
export interface InRollouts {
  readonly arms?: Arms;
}

/** How a run ends that does not come to its end. */
export type EarlyEnd =
  | { readonly status: "failed"; readonly path: string | null; readonly error: ErrorRecord }
  | {
      readonly status: "rejected";
      readonly path: string;
      readonly by: string;
      readonly comment: string | null;
      readonly command?: string;
    }
  | {
      readonly status: "cancelled";
      readonly by: string;
      readonly reason: string | null;
      readonly command?: string;
    }
  | { readonly status: "expired"; readonly deadline: number };

type EndData<Status extends EarlyEnd["status"]> = Omit<Extract<EarlyEnd, { status: Status }>, "status"> & {
  readonly costUsd: number;
} & Partial<Undone> &
  InRollouts;

/** What was taken back, by the paths of the steps, and what could not be. */
export interface Undone {
  readonly undone: readonly string[];
  readonly notUndone: readonly { readonly path: string; readonly error: ErrorRecord }[];
}

export interface StepStarted {
  readonly path: string;
  readonly kind: string;
  readonly inputDigest: string;
  readonly input: JsonObject;
  readonly attempt: number;
  readonly rates?: RateMoments;
  /** The step has an `undo`, which is owed from now on. */
  readonly undo?: boolean;
}

export interface StepCompleted {
  readonly path: string;
  readonly kind: string;
  /** Wall-clock milliseconds at which the first attempt began. */
  readonly startedAt: number;
  readonly attempts: number;
  readonly inputDigest: string;
  readonly result: StepResult;
  /** How it came about: the words sent, the route's choice. No part of what replay needs. */
  readonly trace?: JsonObject;
  /** The fallback answered, after this error of the step itself. */
  readonly fallbackFor?: ErrorRecord;
  /** It was done, and paid for, by the run that this one is forked from. */
  readonly copied?: true;
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
  /** Wall-clock milliseconds at which the first attempt began. */
  readonly startedAt?: number;
  /** It is the fallback that is tried again, after this error of the step itself. */
  readonly fallbackFor?: ErrorRecord;
}

export interface StepFailed {
  readonly path: string;
  readonly kind: string;
  readonly startedAt: number;
  readonly attempts: number;
  readonly error: ErrorRecord;
  /** It is the fallback that failed, after this error of the step itself. */
  readonly fallbackFor?: ErrorRecord;
  /** How its last execution went about it. */
  readonly trace?: JsonObject;
  readonly command?: string;
  /** Some execution may have had its effect all the same: it timed out, or its answer was lost. */
  readonly inDoubt?: boolean;
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

/** `run.erased`, where `capture` is off: what is known without the words that are gone. */
export interface ErasedRun {
  /** 1: all bodies are gone; 0: some are, and retention has its turn at the others. */
  readonly level: 0 | 1;
  readonly policy: string;
  readonly costUsd: number;
  readonly error?: ErrorRecord;
  readonly steps: readonly ErasedStep[];
}

export interface ErasedStep {
  readonly path: string;
  readonly kind: string | null;
  readonly status: "running" | "retrying" | "waiting" | "completed" | "skipped" | "failed";
  readonly attempts: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** The event of the run whose digest stands for what is gone. */
  readonly seq: number;
  readonly result: JsonObject | null;
  readonly trace: JsonObject | null;
  readonly error: ErrorRecord | null;
  readonly failures: readonly StepFailure[];
}

/** An execution that failed. */
export interface StepFailure {
  readonly attempt: number;
  readonly at: number;
  /** When it was to be tried again; null when it was not. */
  readonly dueAt: number | null;
  readonly error: ErrorRecord;
}

/** What comes in from outside, through the durable inbox. */
export type Command =
  | { readonly kind: "cancel"; readonly by: string; readonly reason: string | null }
  /** What is under way may end, and nothing more begins until it is resumed. */
  | { readonly kind: "pause"; readonly by: string; readonly reason: string | null }
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

/** Commands that make a run work, and so wait until it has a place. */
export const commandsNeedingPlace: ReadonlySet<Command["kind"]> = new Set(["resume", "decision", "child"]);

/** Run events are plain data, so they are the journal's events as they are. */
export function toNewEvents(events: readonly RunEvent[]): readonly NewEvent[] {
  return events as unknown as readonly NewEvent[];
}

/** An event as plain data for the journal. */
export function toData(data: RunEvent["data"]): JsonObject {
  return data as unknown as JsonObject;
}
