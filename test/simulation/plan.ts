import type { Json, RetryClass } from "../../src/core/base/index.ts";

// A plan is what a random program is made as: a workflow in words so simple that what must happen can be
// told without an interpreter. `document.ts` writes it as a document, `flow.ts` does it as code, and
// `model.ts` says what must come of it.

export interface Plan {
  readonly name: string;
  /** Written as a document, or as code. */
  readonly form: "document" | "flow";
  readonly steps: readonly PlanStep[];
  /** From its start; null: never. */
  readonly expiresMs: number | null;
  /** So many runs of it at once. */
  readonly atOnce: number | null;
}

/** A value that a step is given. */
export type Value =
  | { readonly type: "constant"; readonly value: Json }
  | { readonly type: "input" | "item" | "index" }
  | { readonly type: "step"; readonly id: string }
  | { readonly type: "list"; readonly values: readonly Value[] };

export type Condition =
  | { readonly type: "always"; readonly holds: boolean }
  | { readonly type: "indexFrom"; readonly least: number }
  | { readonly type: "skipped"; readonly id: string };

/** How one attempt of a call ends, where it does not end well. `hang` never answers in time. */
export type Trouble = "server" | "network" | "limited" | "refused" | "hang";

export interface Call {
  readonly type: "call";
  /** `call` and `code` answer later, `code` announces itself first, `now` answers at once. */
  readonly kind: "call" | "code" | "now";
  /** What the world knows it by; one step's own. */
  readonly name: string;
  readonly with: Value;
  /** What goes wrong, attempt by attempt; after that all is well. */
  readonly troubles: readonly Trouble[];
  /** Only the instance with this innermost index meets them; null: each. */
  readonly troubledAt: number | null;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly retryOn: readonly RetryClass[];
  readonly timeoutMs: number | null;
  readonly fallback: { readonly name: string; readonly with: Value; readonly fails: boolean } | null;
  /** Takes it back; `refused` never works, a number of troubles is got over. */
  readonly undo: { readonly name: string; readonly troubles: readonly Trouble[] } | null;
  /** Never done a second time by itself; what becomes of it when nobody knows whether it was done. */
  readonly once: "pause" | "fail" | null;
  /** So many of them at once, over all runs. */
  readonly atOnce: number | null;
}

export type Work =
  | Call
  | { readonly type: "value"; readonly value: Value }
  | { readonly type: "sleep"; readonly forMs: number }
  | {
      readonly type: "receive";
      readonly event: string;
      /** Whether the signal is ever sent; one that is not needs a bound. */
      readonly isSent: boolean;
      readonly withinMs: number | null;
      readonly onTimeout: "fail" | "continue";
    }
  | {
      readonly type: "ask";
      readonly draft: Value;
      readonly decision: "approve" | "correct" | "reject";
      readonly onReject: "end" | "continue";
      readonly isAnswered: boolean;
      readonly withinMs: number | null;
      readonly onTimeout: "escalate" | "reject" | "fail";
    }
  | { readonly type: "child"; readonly plan: string; readonly input: Value }
  | { readonly type: "parallel"; readonly steps: readonly PlanStep[] }
  | {
      readonly type: "map";
      readonly over: Value;
      readonly concurrency: number;
      readonly onItemError: "fail" | "keep";
      readonly steps: readonly PlanStep[];
    }
  | { readonly type: "branch"; readonly arms: readonly Arm[] }
  | {
      readonly type: "loop";
      readonly times: number;
      readonly until: Condition | null;
      readonly steps: readonly PlanStep[];
    };

export interface Arm {
  readonly when: Condition | null;
  readonly steps: readonly PlanStep[];
}

export interface PlanStep {
  readonly id: string;
  readonly if: Condition | null;
  /** The steps of its block that come before it; null: the one above it. */
  readonly needs: readonly string[] | null;
  readonly onFailure: "pause" | "fail";
  readonly work: Work;
}

/** What people do when a run pauses: mend the world and resume, give a value, or cancel. */
export type PausePlan = "repair" | "skip" | "cancel";

export interface Program {
  readonly plans: ReadonlyMap<string, Plan>;
  readonly runs: readonly RunRequest[];
  readonly pausePlan: PausePlan;
  /** Runs that are worked on at once. */
  readonly running: number;
}

export interface RunRequest {
  readonly id: string;
  readonly plan: string;
  readonly input: Json;
  /** Somebody cancels it, sooner or later. */
  readonly isCancelled: boolean;
  /** Somebody pauses it for a while. */
  readonly isPaused: boolean;
}

/** The value that a person gives for a step that has failed. */
export const skipValue = "given by a person";
/** The value that a person puts in the place of a draft. */
export const correctedValue = "corrected by a person";
/** A bound that nothing reaches while there is anything else to do. */
export const farMs = 3_650 * 86_400_000;

export function innerSteps(work: Work): readonly PlanStep[] {
  if (work.type === "branch") return work.arms.flatMap((arm) => arm.steps);
  return "steps" in work ? work.steps : [];
}

/** All steps of a plan, those of blocks included. */
export function allSteps(steps: readonly PlanStep[]): readonly PlanStep[] {
  return steps.flatMap((step) => [step, ...allSteps(innerSteps(step.work))]);
}

/** The id of the step that a path leads to: `s1[0].s2` is an instance of `s2`, and so is `s1[0].s2.undo`. */
export function idOf(path: string): string {
  const done = doneBy(path);
  return done.slice(done.lastIndexOf(".") + 1);
}

export function isUndo(path: string): boolean {
  return path.endsWith(".undo");
}

/** The path of what an undo takes back; any other path as it is. */
export function doneBy(path: string): string {
  return isUndo(path) ? path.slice(0, -".undo".length) : path;
}

/** The innermost index of a path; null where there is none. */
export function indexOf(path: string): number | null {
  const last = [...path.matchAll(/\[(\d+)\]/g)].at(-1)?.[1];
  return last === undefined ? null : Number(last);
}
